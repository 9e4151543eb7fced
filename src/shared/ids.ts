/** Random identifiers and the digests that stand for them at rest. */
import { hash, randomBytes } from 'node:crypto'

/** A URL-safe random identifier of 256 bits, behind a type prefix such as `cli-`. */
export function randomId(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url')
}

/** A shorter random identifier of 128 bits, for names that are not secrets (client ids, subjects, request ids). */
export function randomName(prefix = ''): string {
  return prefix + randomBytes(16).toString('base64url')
}

export function sha256(value: string | Uint8Array): Buffer {
  return hash('sha256', value, 'buffer')
}
