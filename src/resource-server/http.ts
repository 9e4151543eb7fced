/** The package entry `signet/resource-server/http`: access token verification for a plain `node:http` server. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessTokenClaims, AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'
import { asError, createMetadataAnswer, createProtection, send } from './protection.ts'

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
 * does not: use `serveProtectedResourceMetadata` once. When the verification itself fails, as for a replay store that is
 * away, or the handler throws or rejects, the answer is 500, a response that was begun is cut off, and the error becomes
 * a `warning` of the process.
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
  const protection = createProtection(verifier, needs)

  async function listen(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const decision = await protection.decide(request)
    if ('answer' in decision) return send(response, decision.answer)
    return handler(request, response, decision.claims)
  }

  return (request, response) =>
    void listen(request, response).catch((error: unknown) => {
      process.emitWarning(asError(error))
      fail(response)
    })
}

function fail(response: ServerResponse): void {
  if (response.headersSent) {
    // cut off, so that nobody takes the part for the whole
    if (!response.writableEnded) response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  send(response, { status: 500, headers: { 'Cache-Control': 'no-store' }, body: '' })
}

/** Serves the API's metadata at its well-known path, for any origin; passes all other requests to `listener`. */
export function serveProtectedResourceMetadata(tokens: AccessTokens, listener: Listener): Listener {
  const metadata = createMetadataAnswer(tokens)
  return (request, response) => {
    const found = metadata(request)
    if (found === undefined) listener(request, response)
    else send(response, found)
  }
}
