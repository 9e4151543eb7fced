/** The keys one provider instance is built over, as the engine takes them. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { ExternalSigningKey, type Configuration } from 'oidc-provider'
import type { JWK } from 'jose'
import type { KeySet } from '#signing-keys/signing-key.ts'

/** A key that is published and verifies, and never signs here. */
class PublishedKey extends ExternalSigningKey {
  readonly #publicKey: KeyObject

  constructor(jwk: JWK) {
    super()
    this.#publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    Object.assign(this, { kid: jwk.kid, alg: jwk.alg })
  }

  override keyObject(): KeyObject {
    return this.#publicKey
  }

  override sign(): never {
    throw new TypeError('a key that is published only does not sign')
  }
}

/** In the order that matters to the engine: the first key of an algorithm signs. */
export function engineKeys(set: KeySet): NonNullable<Configuration['jwks']> {
  const published = set.keys
    .filter(({ status }) => status !== 'current')
    .map(({ publicJwk }) => new PublishedKey(publicJwk))
  return { keys: [...set.privateJwks, ...published] }
}
