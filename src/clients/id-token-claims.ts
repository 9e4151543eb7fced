/** Decides which claims about the person the ID tokens of a client carry (OpenID Connect Core §5.4). */
import type { Client, ClientOrigin } from './client.ts'
import { type IdTokenClaims, type Profile, PROFILES } from './profiles.ts'

export const ID_TOKEN_CLAIMS = 'signet_id_token_claims'

/** Returns the value for a client that was not given one. ID tokens travel in URLs when a person signs out. */
export function defaultIdTokenClaims(profile: Profile, origin: ClientOrigin): IdTokenClaims {
  return origin === 'administrator' ? PROFILES[profile].idTokenClaims : 'minimal'
}

/** Returns the client's value. One that the release before registered has the default. */
export function idTokenClaimsOf({
  metadata,
  profile,
  origin,
}: Pick<Client, 'metadata' | 'profile' | 'origin'>): unknown {
  return metadata[ID_TOKEN_CLAIMS] ?? defaultIdTokenClaims(profile, origin)
}
