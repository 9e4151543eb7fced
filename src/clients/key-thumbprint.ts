/** The name of a public key that nobody can choose: its thumbprint. */
import type { JsonWebKey } from 'node:crypto'
import { sha256 } from '#shared/ids.ts'

/** RFC 7638 §3.2, RFC 8037 appendix A.3: the members that make the key, in the order of the alphabet. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

const known = new WeakMap<object, string>()

/** SHA-256, base64url. The same for the same key, whatever its `kid`, `alg` or `use`. */
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
