/** Random identifiers, and the digests that are stored instead of them. */
import { hash, randomBytes } from 'node:crypto'

/** Returns a URL-safe random identifier of 256 bits, after a type prefix such as `cli-`. */
export function randomId(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url')
}

/**
 * Returns a URL-safe random identifier of 128 bits, for names that are not secret (client ids, subjects, request ids).
 */
export function randomName(prefix = ''): string {
  return prefix + randomBytes(16).toString('base64url')
}

export function sha256(value: string | Uint8Array): Buffer {
  return hash('sha256', value, 'buffer')
}
