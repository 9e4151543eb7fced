/** How long things live, in seconds, by the settings of the moment. */
import type { Configuration } from 'oidc-provider'
import type { SettingsValues } from '#settings/settings-schema.ts'

const DAY = 24 * 60 * 60
/** FAPI 2.0 Security Profile §5.3.2.1: at most a minute, whatever the setting says. */
const FAPI_CODE = 60

/** Asked whenever something is issued: an administrator may have changed it. */
export type Lifetimes = () => SettingsValues['lifetimes']

/** Seconds a refresh token may live from now: idle time, cut off where its family's absolute life ends. */
export function refreshTokenTtl(lifetimes: Lifetimes, familyAgeSeconds: number): number {
  const { refresh_token_idle_seconds: idle, refresh_token_absolute_seconds: absolute } = lifetimes()
  return Math.max(1, Math.min(idle, absolute - familyAgeSeconds))
}

/** The engine's `ttl`: it wants positive whole numbers. */
export function timeToLive(lifetimes: Lifetimes): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? lifetimes().access_token_seconds,
    ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? lifetimes().access_token_seconds,
    AuthorizationCode(ctx) {
      const { authorization_code_seconds: seconds } = lifetimes()
      return ctx.oidc.isFapi('2.0') ? Math.min(seconds, FAPI_CODE) : seconds
    },
    IdToken: () => lifetimes().id_token_seconds,
    RefreshToken: (_ctx, token) => refreshTokenTtl(lifetimes, token.totalLifetime()),
    Interaction: () => lifetimes().interaction_seconds,
    Session: () => lifetimes().session_idle_seconds,
    Grant() {
      const { refresh_token_absolute_seconds: refreshToken, session_absolute_seconds: session } = lifetimes()
      // a refresh token issued on the last day of a session must not outlive its grant
      return refreshToken + session + DAY
    },
  }
}
