/** The package entry `signet/resource-server/koa`: access token verification as Koa middleware. */
import type { RequestLike } from './credentials.ts'
import type { AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'
import { type Answer, createMetadata, createProtection, type Decide } from './protection.ts'

export type { AccessTokenState } from './protection.ts'

/** The part of a Koa context that is needed; Koa's own fits with any type of state. */
export interface KoaContextLike {
  readonly req: RequestLike
  readonly originalUrl: string
  state: object
  status: number
  body: unknown
  set(field: string, value: string): void
}

export type AccessTokenMiddleware = (context: KoaContextLike, next: () => Promise<unknown>) => Promise<void>

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
  return createMiddleware(createProtection(verifier, needs))
}

/** Serves the API's metadata at its well-known path, for any origin; passes on all other requests. */
export function serveProtectedResourceMetadata(tokens: AccessTokens): AccessTokenMiddleware {
  return createMiddleware(createMetadata(tokens))
}

function createMiddleware(decide: Decide): AccessTokenMiddleware {
  return async (context, next) => {
    const decision = await decide(requestOf(context))
    if (decision.answer !== undefined) {
      send(context, decision.answer)
      return
    }
    Object.assign(context.state, decision.state)
    await next()
  }
}

/** `koa-mount` and routers shorten `req.url`; DPoP proofs and the metadata URL contain the whole path. */
function requestOf({ req, originalUrl }: KoaContextLike): RequestLike {
  const { headers, headersDistinct, method, socket } = req
  return { headers, headersDistinct, method, originalUrl, socket }
}

function send(context: KoaContextLike, { status, headers, body }: Answer): void {
  context.status = status
  // The body must be set first: setting an empty body makes Koa remove the content headers.
  context.body = body
  for (const [name, value] of Object.entries(headers)) context.set(name, value)
}
