/** Generates signing key pairs and their key ids. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { SigningAlg } from './signing-key.ts'

const generate = promisify(generateKeyPair)
const RSA_BITS = 2048

export interface KeyPair {
  /** The SHA-256 thumbprint of the public key (RFC 7638). */
  readonly kid: string
  readonly alg: SigningAlg
  readonly publicJwk: JWK
  readonly privateJwk: JWK
}

/** Generates a key pair off the event loop: P-256 for ES256, RSA with 2048 bits for RS256 and PS256. */
export async function generateSigningKeyPair(alg: SigningAlg): Promise<KeyPair> {
  const { publicKey, privateKey } = await (alg === 'ES256'
    ? generate('ec', { namedCurve: 'P-256' })
    : generate('rsa', { modulusLength: RSA_BITS }))
  const publicKeyJwk = publicKey.export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(publicKeyJwk, 'sha256')
  const members = { kid, alg, use: 'sig' }
  return {
    kid,
    alg,
    publicJwk: { ...publicKeyJwk, ...members },
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...members },
  }
}
