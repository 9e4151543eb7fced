/** The keys one provider instance is built over, as the engine takes them. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { ExternalSigningKey, type Configuration } from 'oidc-provider'
import type { JWK } from 'jose'
import type { KeySet } from '#signing-keys/signing-key.ts'

const signBeside = promisify(sign)

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

  override sign(_data: Uint8Array): Promise<Uint8Array> | Uint8Array {
    throw new TypeError('a key that is published only does not sign')
  }
}

/**
 * A key that signs. An ES256 signature takes less time than handing it to another thread and being woken up for it, so it
 * is made on the spot; one with RSA takes some twenty times as long and is made beside.
 */
class CurrentKey extends PublishedKey {
  readonly #privateKey: KeyObject

  constructor(jwk: JWK) {
    super(jwk)
    this.#privateKey = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  }

  override sign(data: Uint8Array): Promise<Uint8Array> | Uint8Array {
    if (this.alg !== 'ES256') return signBeside('sha256', data, this.#privateKey)
    // the key by itself, in the form that OpenSSL makes: Node takes twice as long for a key with options
    return joined(sign('sha256', data, this.#privateKey))
  }
}

const P256_BYTES = 32

/** The two numbers of a DER signature (RFC 3279 §2.2.3), each as 32 bytes, one after the other (RFC 7518 §3.4). */
function joined(der: Buffer): Buffer {
  const signature = Buffer.alloc(2 * P256_BYTES)
  // SEQUENCE and its length, then twice INTEGER, its length, and its bytes: without zeros in front, or with one
  let at = 2
  for (const end of [P256_BYTES, 2 * P256_BYTES]) {
    const length = der[at + 1] as number
    const zeros = Math.max(0, length - P256_BYTES)
    der.copy(signature, end - length + zeros, at + 2 + zeros, at + 2 + length)
    at += 2 + length
  }
  return signature
}

/** In the order that matters to the engine: the first key of an algorithm signs. */
export function engineKeys(set: KeySet): NonNullable<Configuration['jwks']> {
  const published = set.keys
    .filter(({ status }) => status !== 'current')
    .map(({ publicJwk }) => new PublishedKey(publicJwk))
  return { keys: [...set.privateJwks.map((jwk) => new CurrentKey(jwk)), ...published] }
}
