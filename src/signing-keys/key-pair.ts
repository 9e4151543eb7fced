/** Makes a signing key pair and gives it its name. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { SigningAlg } from './signing-key.ts'

const generate = promisify(generateKeyPair)
const RSA_BITS = 2048

export interface KeyPair {
  /** The SHA-256 thumbprint of the public key (RFC 7638): whoever holds the key can tell its name. */
  readonly kid: string
  readonly alg: SigningAlg
  readonly publicJwk: JWK
  readonly privateJwk: JWK
}

/** P-256 for ES256, 2048 bits for RS256; made off the event loop. */
export async function makeKeyPair(alg: SigningAlg): Promise<KeyPair> {
  const { publicKey, privateKey } = await (alg === 'ES256'
    ? generate('ec', { namedCurve: 'P-256' })
    : generate('rsa', { modulusLength: RSA_BITS }))
  const publicMembers = publicKey.export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(publicMembers, 'sha256')
  const named = { kid, alg, use: 'sig' }
  return {
    kid,
    alg,
    publicJwk: { ...publicMembers, ...named },
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...named },
  }
}
