/** The protocol endpoints: their paths below the issuer, and who calls them. */

/** The paths below the issuer, by the engine's name of the route. */
export const ROUTES = {
  authorization: '/authorize',
  backchannel_authentication: '/backchannel/authorize',
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

/**
 * The endpoints that a client calls with its certificate, by the name that its alias has in discovery (RFC 8705 §5): a
 * client authenticates there, or uses a bound token.
 */
export const MTLS_ENDPOINTS = {
  token_endpoint: 'token',
  pushed_authorization_request_endpoint: 'pushed_authorization_request',
  device_authorization_endpoint: 'device_authorization',
  backchannel_authentication_endpoint: 'backchannel_authentication',
  introspection_endpoint: 'introspection',
  revocation_endpoint: 'revocation',
  userinfo_endpoint: 'userinfo',
} as const satisfies Readonly<Record<string, keyof typeof ROUTES>>

/** The engine's names of the routes at which clients authenticate: all of those but userinfo, which takes tokens. */
export const CLIENT_ROUTES: ReadonlySet<string> = new Set(
  Object.values(MTLS_ENDPOINTS).filter((name) => name !== 'userinfo'),
)

/** The paths of those endpoints. */
export const MTLS_PATHS: readonly string[] = Object.values(MTLS_ENDPOINTS).map((name) => ROUTES[name])

/** The paths that programs call. */
export const PROGRAM_PATHS: readonly string[] = [
  ...Object.entries(ROUTES).flatMap(([name, path]) => (isBrowserRoute(name) ? [] : [path])),
  ...DISCOVERY_PATHS,
]
