/** Converts signing keys for the engine. */
import { constants, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { ExternalSigningKey, type Configuration } from 'oidc-provider'
import type { JWK } from 'jose'
import type { KeySet } from '#signing-keys/signing-key.ts'

const signBeside = promisify(sign)

/** A key that is published so that its signatures can be verified, but that does not sign. */
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
 * A key that signs. ES256 signs on this thread, because the signature takes less time than switching threads. RSA takes
 * about twenty times as long and signs in the thread pool.
 */
class CurrentKey extends PublishedKey {
  readonly #privateKey: KeyObject

  constructor(jwk: JWK) {
    super(jwk)
    this.#privateKey = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  }

  override sign(data: Uint8Array): Promise<Uint8Array> | Uint8Array {
    if (this.alg === 'RS256') return signBeside('sha256', data, this.#privateKey)
    // RFC 7518 §3.5: the salt is as long as the hash
    if (this.alg === 'PS256') return signBeside('sha256', data, { key: this.#privateKey, ...PSS })
    // converts DER by hand: asking Node for the other form needs a key with options, which takes twice as long
    return joined(sign('sha256', data, this.#privateKey))
  }
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
const P256_BYTES = 32

/** Converts a DER signature (RFC 3279 §2.2.3) to its two numbers of 32 bytes each, concatenated (RFC 7518 §3.4). */
function joined(der: Buffer): Buffer {
  const signature = Buffer.alloc(2 * P256_BYTES)
  // after the SEQUENCE header come two INTEGERs: tag, length, bytes; shorter than 32 bytes, or with one leading zero
  let at = 2
  for (const end of [P256_BYTES, 2 * P256_BYTES]) {
    const length = der[at + 1] as number
    const zeros = Math.max(0, length - P256_BYTES)
    der.copy(signature, end - length + zeros, at + 2 + zeros, at + 2 + length)
    at += 2 + length
  }
  return signature
}

export interface Signer {
  readonly kid: string
  sign(data: Uint8Array): Promise<Uint8Array> | Uint8Array
}

/** The keys that sign now, by algorithm. */
export type CurrentSigners = ReadonlyMap<string, Signer>

/** The engine signs with the first key of an algorithm, and so does everybody else. */
export function currentSigners({ privateJwks }: KeySet): CurrentSigners {
  const keys = privateJwks.map((jwk) => [jwk.alg as string, new CurrentKey(jwk) as unknown as Signer] as const)
  return new Map(keys.toReversed())
}

/** Returns the keys for the engine. Current keys come first: the engine signs with the first key of an algorithm. */
export function engineKeys(set: KeySet): NonNullable<Configuration['jwks']> {
  const published = set.keys
    .filter(({ status }) => status !== 'current')
    .map(({ publicJwk }) => new PublishedKey(publicJwk))
  return { keys: [...set.privateJwks.map((jwk) => new CurrentKey(jwk)), ...published] }
}
