/** The protocol endpoints: their paths below the issuer, and who calls them. */

/** The paths below the issuer, by the engine's name of the route. */
export const ROUTES = {
  authorization: '/authorize',
  code_verification: '/device',
  device_authorization: '/device/code',
  end_session: '/logout',
  introspection: '/introspect',
  jwks: '/jwks',
  pushed_authorization_request: '/par',
  registration: '/register',
  revocation: '/revoke',
  token: '/token',
  userinfo: '/userinfo',
} as const

/** The discovery documents (OpenID Connect Discovery §4, RFC 8414 §3). */
export const DISCOVERY_PATHS = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'] as const

/** The engine's names of the routes that people open in a browser: their errors may be pages. */
const BROWSER_ROUTES = [
  'authorization',
  'resume',
  'code_verification',
  'device_resume',
  'end_session',
  'end_session_confirm',
  'end_session_success',
]

/** Returns whether browsers open the route. The errors of all others are JSON, whatever `Accept` says (RFC 6749 §5.2). */
export function isBrowserRoute(name: string | undefined): boolean {
  return name === undefined || BROWSER_ROUTES.includes(name)
}

/** The paths that programs call. */
export const PROGRAM_PATHS: readonly string[] = [
  ...Object.entries(ROUTES).flatMap(([name, path]) => (isBrowserRoute(name) ? [] : [path])),
  ...DISCOVERY_PATHS,
]
