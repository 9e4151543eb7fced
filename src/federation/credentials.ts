/** What we authenticate with at upstream providers: sealed at rest, opened for a token request alone. */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import type { SealedColumn } from '#sealing/sealed-column.ts'
import { randomName } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { StoredCredential } from './upstream-store.ts'

const PURPOSE = 'upstream-credential'

export const SEALED_CREDENTIALS: SealedColumn = {
  table: 'upstreams',
  column: 'credential',
  purpose: PURPOSE,
  names: ['id'],
  context: (row) => row['id'] as string,
}

export function createCredentials(keyring: Pick<Keyring, 'seal' | 'open'>) {
  return {
    ofSecret: (id: string, secret: string): StoredCredential => ({
      sealed: keyring.seal(PURPOSE, secret, id),
      publicJwk: undefined,
    }),

    /** A key of this provider alone: what it learns of our signatures is of use nowhere else. */
    async newKey(id: string): Promise<StoredCredential> {
      const pair = await generateKeyPair('ES256', { extractable: true })
      const named = async (key: Parameters<typeof exportJWK>[0]): Promise<JWK> => ({
        ...(await exportJWK(key)),
        alg: 'ES256',
        use: 'sig',
        kid,
      })
      const kid = randomName()
      const privateJwk = await named(pair.privateKey)
      return {
        sealed: keyring.seal(PURPOSE, JSON.stringify(privateJwk), id),
        publicJwk: await named(pair.publicKey),
      }
    },

    open: (id: string, sealed: Buffer): string => keyring.open(PURPOSE, sealed, id).toString(),
  }
}
