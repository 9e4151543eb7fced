/** How long things live, in seconds. */
import type { Configuration } from 'oidc-provider'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const LIFETIMES = {
  accessToken: 5 * MINUTE,
  authorizationCode: MINUTE,
  idToken: HOUR,
  refreshTokenIdle: 30 * DAY,
  refreshTokenAbsolute: 180 * DAY,
  sessionIdle: 12 * HOUR,
  sessionAbsolute: 14 * DAY,
  interaction: HOUR,
  /** After its first use a rotated refresh token is answered by the same successor for so long. */
  refreshGrace: MINUTE,
} as const

/** Seconds a refresh token may live from now: idle time, cut off where its family's absolute life ends. */
export function refreshTokenTtl(familyAgeSeconds: number): number {
  return Math.max(1, Math.min(LIFETIMES.refreshTokenIdle, LIFETIMES.refreshTokenAbsolute - familyAgeSeconds))
}

/** The engine's `ttl`: it wants positive whole numbers. */
export function lifetimes(): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? LIFETIMES.accessToken,
    ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? LIFETIMES.accessToken,
    AuthorizationCode: LIFETIMES.authorizationCode,
    IdToken: LIFETIMES.idToken,
    RefreshToken: (_ctx, token) => refreshTokenTtl(token.totalLifetime()),
    Interaction: LIFETIMES.interaction,
    Session: LIFETIMES.sessionIdle,
    // a refresh token issued on the last day of a session must not outlive its grant
    Grant: LIFETIMES.refreshTokenAbsolute + LIFETIMES.sessionAbsolute + DAY,
  }
}
