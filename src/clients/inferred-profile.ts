/** Finds the profile of a client that describes itself by standard metadata (RFC 7591, OpenID Connect Registration). */
import { isLoopbackHost } from './redirect-uris.ts'

/** The profiles of clients that people use in a browser. */
export type BrowserProfile = 'native' | 'spa' | 'web'

/**
 * Returns the profile of a client with the code grant that authenticates by `method`. What it says by `application_type`
 * counts (OpenID Connect Registration §2). Without that, it is native with a private-use scheme, or when it is public and
 * comes back to http on loopback: then any port is right (RFC 8252 §7.1, §7.3).
 */
export function inferredProfile(metadata: Readonly<Record<string, unknown>>, method: unknown): BrowserProfile {
  const { application_type: type, redirect_uris: uris } = metadata
  const isPublic = method === 'none'
  if (type === 'native' || (type === undefined && isOnDevice(uris, isPublic))) return 'native'
  return isPublic ? 'spa' : 'web'
}

function isOnDevice(uris: unknown, isPublic: boolean): boolean {
  const given: readonly unknown[] = Array.isArray(uris) ? uris : []
  return given.some((uri) => {
    const url = typeof uri === 'string' ? URL.parse(uri) : null
    if (!url || url.protocol === 'https:') return false
    return url.protocol !== 'http:' || (isPublic && isLoopbackHost(url.hostname))
  })
}
