/** What the adapters of all frameworks share: a request passes with its claims, or gets an answer. */
import { inspect } from 'node:util'
import type { RequestLike } from './credentials.ts'
import { accessTokens, AccessTokenRefused, type AccessTokenClaims, type AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'

/** What `requireAccessToken` leaves for the handlers of the API. */
export interface AccessTokenState {
  accessToken: AccessTokenClaims
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Decision = { readonly claims: AccessTokenClaims } | { readonly answer: Answer }

export interface Protection {
  /**
   * Returns the claims, or the answer: of a refused request, or of one for the API's metadata if the API was given as
   * options. (A verifier is shared by many routes, so its metadata is served once.) Rejects with an Error alone: Express
   * lets a request pass for `next(undefined)`, and Koa never answers it.
   */
  decide(request: RequestLike, wellKnown?: RequestLike): Promise<Decision>
}

export function createProtection(verifier: AccessTokensOptions | AccessTokens, needs: RequestNeeds): Protection {
  const given = 'verify' in verifier
  const tokens = given ? verifier : accessTokens(verifier)
  const metadata = createMetadataAnswer(tokens)
  return {
    async decide(request, wellKnown = request) {
      const found = given ? undefined : metadata(wellKnown)
      if (found !== undefined) return { answer: found }
      try {
        return { claims: await tokens.verify(request, needs) }
      } catch (error) {
        if (!(error instanceof AccessTokenRefused)) throw asError(error)
        return { answer: error }
      }
    },
  }
}

/** Returns what was thrown, or an Error that tells of it: code of the API may throw anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`This is no Error, but was thrown: ${inspect(thrown)}`)
}

/** Answers a request for the API's metadata at its well-known path, for any origin; undefined for all others. */
export function createMetadataAnswer(tokens: AccessTokens): (request: RequestLike) => Answer | undefined {
  const path = tokens.metadataUrl === undefined ? undefined : new URL(tokens.metadataUrl).pathname
  return ({ method, originalUrl, url }) => {
    const [target] = (originalUrl ?? url ?? '').split('?', 1)
    if (target !== path || (method !== 'GET' && method !== 'HEAD')) return undefined
    return {
      status: 200,
      headers: {
        'Access-Control-Allow-Origin': '*',
        'Cache-Control': 'public, max-age=300',
        'Content-Type': 'application/json; charset=utf-8',
      },
      body: JSON.stringify(tokens.protectedResourceMetadata()),
    }
  }
}

/** The part of a `node:http` response that is needed; Express's fits, too. */
export interface ResponseLike {
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown }
}

export function send(response: ResponseLike, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }).end(body)
}
