/** The algorithms by which answers to a client are encrypted (RFC 7518 §4, §5), and the keys that fit them. */
import { ECDH_ALGS, kindOf } from './client-keys.ts'
import type { PublicJwk } from './client.ts'

/** Key management. No symmetric one: secrets of clients are stored as digests, so no key can be made of them. */
export const ENCRYPTION_ALGS = ['RSA-OAEP-256', ...ECDH_ALGS] as const
/** Content encryption, the default of OpenID Connect Registration §2 first. */
export const ENCRYPTION_ENCS = ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'] as const

/** The operations of keys that encrypt (RFC 7517 §4.3). */
const OPERATIONS = ['encrypt', 'wrapKey', 'deriveKey', 'deriveBits']

/** Returns the keys that can be used with the algorithm, those that are registered for it first. */
export function encryptionKeys(keys: Iterable<PublicJwk>, alg: string): PublicJwk[] {
  const fitting = [...keys].filter((key) => fits(key, alg))
  return fitting.toSorted((one, other) => preference(other) - preference(one))
}

function fits(key: PublicJwk, alg: string): boolean {
  const { use, alg: own, key_ops: operations } = key
  const isForIt = use !== 'sig' && (own === undefined || own === alg)
  const mayEncrypt = !Array.isArray(operations) || operations.some((name) => OPERATIONS.includes(name))
  return isForIt && mayEncrypt && (alg === 'RSA-OAEP-256' ? key.kty === 'RSA' : kindOf(key).startsWith('EC '))
}

function preference({ use, alg }: PublicJwk): number {
  return (alg === undefined ? 0 : 1) + (use === undefined ? 0 : 1)
}
