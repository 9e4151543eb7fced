/** Finds the profile of a client that describes itself by standard metadata (RFC 7591, OpenID Connect Registration). */
import type { Profile } from './profiles.ts'
import { isLoopbackHost } from './redirect-uris.ts'

export interface Described {
  readonly method: unknown
  readonly applicationType: unknown
  readonly redirectUris: unknown
}

/**
 * Returns the profile. A public client is native when it says so, and also when it comes back to a loopback port or a
 * private-use scheme: then it is native in fact, and the port may be any (RFC 8252 §7.3).
 */
export function inferredProfile({ method, applicationType, redirectUris }: Described): Profile {
  if (method !== 'none') return 'web'
  const uris = Array.isArray(redirectUris) ? redirectUris : []
  return applicationType === 'native' || uris.some(isNative) ? 'native' : 'spa'
}

function isNative(uri: unknown): boolean {
  const url = typeof uri === 'string' ? URL.parse(uri) : null
  if (!url || url.protocol === 'https:') return false
  return url.protocol !== 'http:' || isLoopbackHost(url.hostname)
}
