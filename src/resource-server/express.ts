/** The package entry `signet/resource-server/express`: access token verification as Express middleware. */
import type { RequestLike } from './credentials.ts'
import type { AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'
import { createMetadata, createProtection, type Decide, type ResponseLike, send } from './protection.ts'

export type { AccessTokenState } from './protection.ts'

/** The part of an Express response that is needed; Express's own fits. */
export interface ExpressResponseLike extends ResponseLike {
  locals: object
}

export type AccessTokenHandler = (
  request: RequestLike,
  response: ExpressResponseLike,
  next: (error?: unknown) => void,
) => Promise<void>

/**
 * Accepts requests with a valid access token and puts its claims in `res.locals.accessToken`; answers all others
 * with its status and challenge. Given options it also serves the API's metadata (RFC 9728); given a verifier, as
 * for routes that need different scopes, it does not: use `serveProtectedResourceMetadata` once.
 *
 * @example
 * app.use(requireAccessToken({ issuer, audience: 'https://api.example.com', scope: 'posts:read' }))
 * app.get('/posts', (req, res) => res.json({ reader: res.locals.accessToken.sub }))
 */
export function requireAccessToken(
  verifier: AccessTokensOptions | AccessTokens,
  needs: RequestNeeds = {},
): AccessTokenHandler {
  return createHandler(createProtection(verifier, needs))
}

/** Serves the API's metadata at its well-known path, for any origin; passes on all other requests. */
export function serveProtectedResourceMetadata(tokens: AccessTokens): AccessTokenHandler {
  return createHandler(createMetadata(tokens))
}

function createHandler(decide: Decide): AccessTokenHandler {
  return async (request, response, next) => {
    try {
      const decision = await decide(request)
      if (decision.answer !== undefined) {
        send(response, decision.answer)
        return
      }
      Object.assign(response.locals, decision.state)
    } catch (error) {
      // Express 4 ignores the promise.
      next(error)
      return
    }
    next()
  }
}
