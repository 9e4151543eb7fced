/** Limits the size of authorization request parameters, which are stored before anyone has signed in. */
import { errors } from 'oidc-provider'

const MAX_BYTES = 4096
const MAX_LONG_BYTES = 16_384
/** Parameters that hold a token, JSON, or a list of registered names. */
const LONG = new Set(['authorization_details', 'claims', 'id_token_hint', 'request', 'resource', 'scope'])

/**
 * Checks the parameters that the engine knows, and the long ones even where it does not. `sent` has them as they were
 * sent; the engine shortens some. Throws InvalidRequest, which names the parameter, its size and its limit.
 */
export function assertSizes(known: readonly string[], sent: Readonly<Record<string, unknown>>): void {
  for (const name of new Set([...known, ...LONG])) {
    const limit = LONG.has(name) ? MAX_LONG_BYTES : MAX_BYTES
    const bytes = sizeOf(sent[name])
    if (bytes > limit) throw new errors.InvalidRequest(`${name} is too long: ${bytes} bytes, at most ${limit}`)
  }
}

function sizeOf(value: unknown): number {
  if (value === undefined || value === null) return 0
  return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value))
}
