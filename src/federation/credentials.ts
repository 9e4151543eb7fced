/**
 * Creates and opens the credentials with which we authenticate at upstream providers. They are sealed at rest, and
 * opened only for a token request.
 */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'
import { randomName } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { pkcs8Of } from './private-key.ts'
import type { StoredCredential } from './upstream-store.ts'

const PURPOSE = 'upstream-credential'

export const SEALED_CREDENTIALS: SealedColumn = {
  table: 'upstreams',
  column: 'credential',
  purpose: PURPOSE,
  ...boundTo('id'),
}

export function createCredentials(keyring: Pick<Keyring, 'seal' | 'open'>) {
  return {
    ofSecret: (id: string, secret: string): StoredCredential => ({
      sealed: keyring.seal(PURPOSE, secret, id),
      publicJwk: undefined,
    }),

    /** Seals a key that `pkcs8Of` accepts. */
    ofPrivateKey: (id: string, pem: string): StoredCredential => ({
      sealed: keyring.seal(PURPOSE, pkcs8Of(pem) ?? '', id),
      publicJwk: undefined,
    }),

    /** Creates a key for this provider alone, so that signatures made for it are of no use elsewhere. */
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
