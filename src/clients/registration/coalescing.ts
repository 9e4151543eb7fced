/**
 * Identical registrations of public clients get one client: many programs register anew each time they start (RFC 7591
 * §5 leaves the limits to the server), and each time with another loopback port.
 */
import type { ClientFields } from '../client-store.ts'
import { isPublic } from '../auth-methods.ts'
import { sha256 } from '#shared/ids.ts'
import { withoutLoopbackPort } from '../redirect-uris.ts'

/** Returns the digest of what is registered; undefined for a client that has credentials of its own. */
export function registrationDigest({ profile, metadata, openidScopes }: ClientFields): Buffer | undefined {
  if (!isPublic(metadata)) return undefined
  const places = ['redirect_uris', 'post_logout_redirect_uris'].map((name) => [name, placesOf(metadata[name], profile)])
  return sha256(
    JSON.stringify([profile, sorted({ ...metadata, ...Object.fromEntries(places) }), openidScopes.toSorted()]),
  )
}

function placesOf(uris: unknown, profile: ClientFields['profile']): string[] {
  const given = Array.isArray(uris) ? uris.map(String) : []
  return profile === 'native' ? [...new Set(given.map(withoutLoopbackPort))] : given
}

/** Returns the value with the members of its objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]))
}
