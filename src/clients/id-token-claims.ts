/** Decides which claims about the person the ID tokens of a client carry (OpenID Connect Core §5.4). */
import type { Client, ClientOrigin } from './client.ts'
import { type IdTokenClaims, type Profile, PROFILES } from './profiles.ts'

export const ID_TOKEN_CLAIMS = 'signet_id_token_claims'

/** Returns the default for a client. It is cautious because sign-out URLs contain ID tokens. */
export function defaultIdTokenClaims(profile: Profile, origin: ClientOrigin): IdTokenClaims {
  return origin === 'administrator' ? PROFILES[profile].idTokenClaims : 'minimal'
}

/** Returns the client's value; the default for a client that the previous release registered. */
export function idTokenClaimsOf({
  metadata,
  profile,
  origin,
}: Pick<Client, 'metadata' | 'profile' | 'origin'>): unknown {
  return metadata[ID_TOKEN_CLAIMS] ?? defaultIdTokenClaims(profile, origin)
}
