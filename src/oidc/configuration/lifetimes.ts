/** The lifetimes of tokens, codes, grants and sessions, in seconds, from the current settings. */
import type { Configuration } from 'oidc-provider'
import type { SettingsValues } from '#settings/settings-schema.ts'

const DAY = 24 * 60 * 60
/** FAPI 2.0 Security Profile §5.3.2.1: at most one minute; overrides a longer setting. */
const FAPI_CODE = 60

/** Called for each token, code or session, because administrators can change the settings at any time. */
export type Lifetimes = () => SettingsValues['lifetimes']

/** Returns how many seconds a refresh token lives from now: the idle time, but no longer than its family may live. */
export function refreshTokenTtl(lifetimes: Lifetimes, familyAgeSeconds: number): number {
  const { refresh_token_idle_seconds: idle, refresh_token_absolute_seconds: absolute } = lifetimes()
  return Math.max(1, Math.min(idle, absolute - familyAgeSeconds))
}

/** Returns the engine's `ttl` setting: positive whole numbers of seconds. */
export function timeToLive(lifetimes: Lifetimes): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? lifetimes().access_token_seconds,
    ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? lifetimes().access_token_seconds,
    AuthorizationCode(ctx) {
      const { authorization_code_seconds: seconds } = lifetimes()
      return ctx.oidc.isFapi('2.0') ? Math.min(seconds, FAPI_CODE) : seconds
    },
    // CIBA Core 1.0 §7.1: the client may ask for less; more is cut
    BackchannelAuthenticationRequest: (ctx) =>
      Math.min(Number(ctx.oidc.params?.['requested_expiry'] ?? Infinity), lifetimes().backchannel_request_seconds),
    DeviceCode: () => lifetimes().device_code_seconds,
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
