/** The package entry `signet/resource-server/http`: access token verification for a plain `node:http` server. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessTokenClaims, AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'
import { asError, createMetadata, createProtection, send } from './protection.ts'

/** A handler of the API; it gets the claims of the request's access token. */
export type ProtectedHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  claims: AccessTokenClaims,
) => unknown

/** A listener for `http.createServer`. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Calls the handler for requests with a valid access token; answers all others with its status and challenge. Given
 * options it also serves the API's metadata (RFC 9728); given a verifier, as for paths that need different scopes, it
 * does not: use `serveProtectedResourceMetadata` once. If the verification fails, for example because the replay store
 * is unavailable, or the handler throws or rejects, the answer is 500 and the error becomes a `warning` of the process; a
 * response that has begun is cut off.
 *
 * @example
 * const options = { issuer, audience: 'https://api.example.com', scope: 'posts:read' }
 * http.createServer(requireAccessToken(options, (request, response, claims) => response.end(`Hello ${claims.sub}`)))
 */
export function requireAccessToken(
  verifier: AccessTokensOptions | AccessTokens,
  handler: ProtectedHandler,
  needs: RequestNeeds = {},
): Listener {
  const decide = createProtection(verifier, needs)

  async function listen(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const decision = await decide(request)
    if (decision.answer !== undefined) return send(response, decision.answer)
    return handler(request, response, decision.state.accessToken)
  }

  return (request, response) =>
    void listen(request, response).catch((error: unknown) => {
      process.emitWarning(asError(error))
      fail(response)
    })
}

function fail(response: ServerResponse): void {
  if (response.headersSent) {
    // Cut off, so that the client does not take half an answer for a complete one.
    if (!response.writableEnded) response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  send(response, { status: 500, headers: { 'Cache-Control': 'no-store' }, body: '' })
}

/** Serves the API's metadata at its well-known path, for any origin; passes all other requests to `listener`. */
export function serveProtectedResourceMetadata(tokens: AccessTokens, listener: Listener): Listener {
  const decide = createMetadata(tokens)
  return (request, response) => {
    const { answer } = decide(request)
    if (answer === undefined) listener(request, response)
    else send(response, answer)
  }
}
