/** Decides whether an authorization response can only reach the client that it is meant for. */
import type { Client } from './client.ts'
import { PROFILES } from './profiles.ts'

/**
 * Whether the identity of the app behind `redirectUri` is assured. RFC 8252 §8.6 and RFC 6749 §10.2: without that, a
 * person has to be involved in every response. Any program can listen on a loopback port or claim a private-use scheme.
 * Anybody can register a client, or publish a client document that names redirect URIs of others.
 */
export function isIdentityAssured(
  { id, origin, profile, metadata }: Pick<Client, 'id' | 'origin' | 'profile' | 'metadata'>,
  redirectUri: string,
): boolean {
  if (origin === 'registration') return false
  if (origin === 'document') return redirectUrisOf(metadata).every((uri) => isHttpsAt(uri, URL.parse(id)?.host))
  return PROFILES[profile].fixed.application_type !== 'native' || URL.parse(redirectUri)?.protocol === 'https:'
}

function redirectUrisOf({ redirect_uris: uris }: Client['metadata']): string[] {
  return Array.isArray(uris) ? uris.map(String) : []
}

function isHttpsAt(uri: string, host: string | undefined): boolean {
  const url = URL.parse(uri)
  return url?.protocol === 'https:' && url.host === host
}

/** Whether somebody has verified who runs the app. Nobody has, where no administrator registered it. */
export function isVerified({ origin, metadata }: Pick<Client, 'origin' | 'metadata'>): boolean {
  return origin === 'administrator' && metadata['signet_verified'] !== false
}
