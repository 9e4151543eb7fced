/** The package entry `signet/resource-server/koa`: access token verification as Koa middleware. */
import {
  accessTokens,
  AccessTokenRefused,
  type AccessTokenClaims,
  type AccessTokens,
  type AccessTokensOptions,
  type RequestLike,
  type RequestNeeds,
} from './index.ts'

/** The part of a Koa context that is needed; Koa's own fits with any type of state. */
export interface KoaContextLike {
  readonly req: RequestLike
  readonly method: string
  readonly path: string
  readonly originalUrl: string
  state: object
  status: number
  body: unknown
  set(field: string, value: string): void
}

export type AccessTokenMiddleware = (context: KoaContextLike, next: () => Promise<unknown>) => Promise<void>

/** What `requireAccessToken` adds to `ctx.state`. */
export interface AccessTokenState {
  accessToken: AccessTokenClaims
}

/**
 * Accepts requests with a valid access token and puts its claims in `ctx.state.accessToken`; answers all others
 * with its status and challenge. Given options it also serves the API's metadata (RFC 9728); given a verifier, as
 * for routes that need different scopes, it does not: use `serveProtectedResourceMetadata` once.
 *
 * @example
 * app.use(requireAccessToken({ issuer, audience: 'https://api.example.com', scope: 'posts:read' }))
 * @example
 * const tokens = accessTokens({ issuer, audience, scopesSupported: ['posts:read', 'posts:write'] })
 * app.use(serveProtectedResourceMetadata(tokens))
 * router.post('/posts', requireAccessToken(tokens, { scope: 'posts:write' }), createPost)
 */
export function requireAccessToken(
  verifier: AccessTokensOptions | AccessTokens,
  needs: RequestNeeds = {},
): AccessTokenMiddleware {
  const given = isVerifier(verifier)
  const tokens = given ? verifier : accessTokens(verifier)

  const guard: AccessTokenMiddleware = async (context, next) => {
    let claims: AccessTokenClaims
    try {
      claims = await tokens.verify(requestOf(context), needs)
    } catch (error) {
      if (!(error instanceof AccessTokenRefused)) throw error
      answer(context, error)
      return
    }
    Object.assign(context.state, { accessToken: claims } satisfies AccessTokenState)
    await next()
  }
  if (given) return guard
  const metadata = serveProtectedResourceMetadata(tokens)
  return (context, next) => metadata(context, () => guard(context, next))
}

/** Serves the API's metadata at its well-known path, for any origin; passes on all other requests. */
export function serveProtectedResourceMetadata(tokens: AccessTokens): AccessTokenMiddleware {
  const path = tokens.metadataUrl === undefined ? undefined : new URL(tokens.metadataUrl).pathname
  return async (context, next) => {
    if (context.path !== path || !['GET', 'HEAD'].includes(context.method)) {
      await next()
      return
    }
    context.status = 200
    context.set('Access-Control-Allow-Origin', '*')
    context.set('Cache-Control', 'public, max-age=300')
    context.body = tokens.protectedResourceMetadata()
  }
}

/** `koa-mount` and routers shorten `req.url`; a DPoP proof names the whole. */
function requestOf({ req, originalUrl }: KoaContextLike): RequestLike {
  const { headers, headersDistinct, method } = req
  return { headers, ...(headersDistinct === undefined ? {} : { headersDistinct }), method, originalUrl }
}

function isVerifier(value: AccessTokensOptions | AccessTokens): value is AccessTokens {
  return 'verify' in value
}

function answer(context: KoaContextLike, refused: AccessTokenRefused): void {
  context.status = refused.status
  // The body must be set first: setting an empty body makes Koa remove the content headers.
  context.body = refused.body
  for (const [name, value] of Object.entries(refused.headers)) context.set(name, value)
}
