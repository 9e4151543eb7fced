/** The thumbprint of a public key. Unlike a `kid`, it cannot be chosen. */
import type { JsonWebKey } from 'node:crypto'
import { sha256 } from '#shared/ids.ts'

/** The required members of each key type, in alphabetical order (RFC 7638 §3.2, RFC 8037 appendix A.3). */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

const known = new WeakMap<object, string>()

/** Returns the SHA-256 thumbprint in base64url. It does not depend on `kid`, `alg` or `use`. */
export function keyThumbprint(jwk: JsonWebKey): string {
  let thumbprint = known.get(jwk)
  if (thumbprint === undefined) {
    const members = REQUIRED[jwk.kty ?? ''] ?? Object.keys(jwk).toSorted()
    const canonical = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])))
    thumbprint = sha256(canonical).toString('base64url')
    known.set(jwk, thumbprint)
  }
  return thumbprint
}
