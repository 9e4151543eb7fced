/** What the entries for all frameworks share: a request is answered, or passes with the claims of its token. */
import { inspect } from 'node:util'
import { type RequestLike, targetPath } from './credentials.ts'
import { accessTokens, AccessTokenRefused, type AccessTokenClaims, type AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'

/** What `requireAccessToken` adds for the handlers of the API. */
export interface AccessTokenState {
  accessToken: AccessTokenClaims
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer, or the request passes, with `state` for the handlers. */
export type Decision<State = AccessTokenState | undefined> =
  | { readonly answer: Answer }
  | { readonly answer?: undefined; readonly state: State }

/** What the middleware of a framework asks about each request. */
export type Decide = (request: RequestLike) => Decision | Promise<Decision>

/**
 * Lets requests with a valid access token pass. Given options, it also answers requests for the API's metadata; a
 * verifier is shared by many routes, so its metadata is served once, by `createMetadata`. Rejects only with an Error:
 * Express lets a request pass for `next(undefined)`, and Koa never answers it.
 */
export function createProtection(
  verifier: AccessTokensOptions | AccessTokens,
  needs: RequestNeeds,
): (request: RequestLike) => Promise<Decision<AccessTokenState>> {
  const given = 'verify' in verifier
  const tokens = given ? verifier : accessTokens(verifier)
  const metadata = given ? undefined : createMetadata(tokens)
  return async (request) => {
    const answer = metadata?.(request).answer
    if (answer !== undefined) return { answer }
    try {
      return { state: { accessToken: await tokens.verify(request, needs) } }
    } catch (error) {
      if (!(error instanceof AccessTokenRefused)) throw asError(error)
      return { answer: error }
    }
  }
}

/** Returns what was thrown, or an Error about it: the API's own code may throw anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`A value that is not an Error was thrown: ${inspect(thrown)}`)
}

/** Answers requests for the API's metadata at its well-known path, for any origin; all others pass. */
export function createMetadata(tokens: AccessTokens): (request: RequestLike) => Decision<undefined> {
  const path = tokens.metadataUrl === undefined ? undefined : new URL(tokens.metadataUrl).pathname
  return (request) => {
    const asked = path !== undefined && targetPath(request) === path
    if (!asked || (request.method !== 'GET' && request.method !== 'HEAD')) return { state: undefined }
    const headers = {
      'Access-Control-Allow-Origin': '*',
      'Cache-Control': 'public, max-age=300',
      'Content-Type': 'application/json; charset=utf-8',
    }
    return { answer: { status: 200, headers, body: JSON.stringify(tokens.protectedResourceMetadata()) } }
  }
}

/** The part of a `node:http` response that is needed; Express's fits, too. */
export interface ResponseLike {
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown }
}

export function send(response: ResponseLike, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }).end(body)
}
