/** The package entry `signet/resource-server/fastify`: access token verification as a Fastify hook. */
import type { RequestLike } from './credentials.ts'
import type { AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'
import { type AccessTokenState, type Answer, createMetadataAnswer, createProtection } from './protection.ts'

export type { AccessTokenState } from './protection.ts'

/** The part of a Fastify request that is needed; Fastify's own fits. */
export interface FastifyRequestLike {
  readonly raw: RequestLike
}

/** The part of a Fastify reply that is needed; Fastify's own fits. */
export interface FastifyReplyLike {
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(body?: string): unknown
}

/** An `onRequest` hook. */
export type AccessTokenHook = (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>

/**
 * Accepts requests with a valid access token and puts its claims in `request.accessToken`; answers all others with its
 * status and challenge. Given options it also serves the API's metadata (RFC 9728); given a verifier, as for routes
 * that need different scopes, it does not: use `serveProtectedResourceMetadata` once.
 *
 * In TypeScript, tell Fastify of the property once:
 * `declare module 'fastify' { interface FastifyRequest extends AccessTokenState {} }`
 *
 * @example
 * fastify.addHook('onRequest', requireAccessToken({ issuer, audience: 'https://api.example.com', scope: 'posts:read' }))
 * @example
 * fastify.post('/posts', { onRequest: requireAccessToken(tokens, { scope: 'posts:write' }) }, createPost)
 */
export function requireAccessToken(
  verifier: AccessTokensOptions | AccessTokens,
  needs: RequestNeeds = {},
): AccessTokenHook {
  const protection = createProtection(verifier, needs)
  return async (request, reply) => {
    const decision = await protection.decide(request.raw)
    if ('answer' in decision) return answer(reply, decision.answer)
    Object.assign(request, { accessToken: decision.claims } satisfies AccessTokenState)
    return undefined
  }
}

/** Serves the API's metadata at its well-known path, for any origin; passes on all other requests. */
export function serveProtectedResourceMetadata(tokens: AccessTokens): AccessTokenHook {
  const metadata = createMetadataAnswer(tokens)
  return async (request, reply) => {
    const found = metadata(request.raw)
    return found === undefined ? undefined : answer(reply, found)
  }
}

/** Returns the reply, by which Fastify knows that a hook has answered. */
function answer(reply: FastifyReplyLike, { status, headers, body }: Answer): FastifyReplyLike {
  reply.code(status)
  reply.headers({ ...headers })
  reply.send(body === '' ? undefined : body)
  return reply
}
