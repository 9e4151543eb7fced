/**
 * Creates and opens the credentials with which we authenticate at upstream providers. They are sealed at rest, and
 * opened only for a token request.
 */
import { createPrivateKey } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'
import { randomName } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { StoredCredential } from './upstream-store.ts'

const PURPOSE = 'upstream-credential'

export const SEALED_CREDENTIALS: SealedColumn = {
  table: 'upstreams',
  column: 'credential',
  purpose: PURPOSE,
  ...boundTo('id'),
}

const MAX_PEM = 4096

/** Returns an EC key on P-256, which ES256 needs, as PKCS #8 in PEM. Undefined for anything else. */
export function pkcs8Of(pem: string): string | undefined {
  if (pem.length > MAX_PEM) return undefined
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined
    return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch {
    return undefined
  }
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
