/** The package entry `signet/resource-server/express`: access token verification as Express middleware. */
import type { RequestLike } from './credentials.ts'
import type { AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'
import {
  type AccessTokenState,
  createMetadataAnswer,
  createProtection,
  type Decision,
  type ResponseLike,
  send,
} from './protection.ts'

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
  const protection = createProtection(verifier, needs)
  return async (request, response, next) => {
    let decision: Decision
    try {
      decision = await protection.decide(request)
      if ('answer' in decision) {
        send(response, decision.answer)
        return
      }
    } catch (error) {
      // Express 4 does not look at the promise.
      next(error)
      return
    }
    Object.assign(response.locals, { accessToken: decision.claims } satisfies AccessTokenState)
    next()
  }
}

/** Serves the API's metadata at its well-known path, for any origin; passes on all other requests. */
export function serveProtectedResourceMetadata(tokens: AccessTokens): AccessTokenHandler {
  const metadata = createMetadataAnswer(tokens)
  return async (request, response, next) => {
    const found = metadata(request)
    if (found === undefined) next()
    else send(response, found)
  }
}
