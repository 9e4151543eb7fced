/** The package entry `signet/resource-server/fastify`: access token verification as a Fastify hook. */
import type { RequestLike } from './credentials.ts'
import type { AccessTokens } from './index.ts'
import type { AccessTokensOptions, RequestNeeds } from './options.ts'
import { type Answer, createMetadata, createProtection, type Decide } from './protection.ts'

export type { AccessTokenState } from './protection.ts'

/** The part of a Fastify request that is needed; Fastify's own fits. */
export interface FastifyRequestLike {
  readonly raw: RequestLike
}

/** The part of a Fastify reply that is needed; Fastify's own fits. */
export interface FastifyReplyLike {
  code(status: number): unknown
  headers(values: Readonly<Record<string, string>>): unknown
  send(body?: string): unknown
}

/** An `onRequest` hook. */
export type AccessTokenHook = (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>

/**
 * Accepts requests with a valid access token and puts its claims in `request.accessToken`; answers all others with its
 * status and challenge. Given options it also serves the API's metadata (RFC 9728); given a verifier, as for routes
 * that need different scopes, it does not: use `serveProtectedResourceMetadata` once.
 *
 * In TypeScript, declare the property once:
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
  return createHook(createProtection(verifier, needs))
}

/** Serves the API's metadata at its well-known path, for any origin; passes on all other requests. */
export function serveProtectedResourceMetadata(tokens: AccessTokens): AccessTokenHook {
  return createHook(createMetadata(tokens))
}

function createHook(decide: Decide): AccessTokenHook {
  return async (request, reply) => {
    const decision = await decide(request.raw)
    if (decision.answer !== undefined) return send(reply, decision.answer)
    Object.assign(request, decision.state)
    return undefined
  }
}

/** Returns the reply, which tells Fastify that the hook has answered. */
function send(reply: FastifyReplyLike, { status, headers, body }: Answer): FastifyReplyLike {
  reply.code(status)
  reply.headers(headers)
  reply.send(body === '' ? undefined : body)
  return reply
}
