/** Routes `/registration-tokens`: initial access tokens, with which clients register themselves (RFC 7591 §3). */
import type { InitialAccessTokens } from '#clients/registration/registration.ts'
import { requireRightsOf } from '../caller.ts'
import { pageOf, pageQuery } from '../paging.ts'
import { route, type Route } from '../route.ts'
import { createdRegistrationToken, newRegistrationToken, registrationTokenPage, toTokenDocument } from './schema.ts'

const tag = 'Clients'
const path = '/registration-tokens'

export interface RegistrationTokenRoutesDeps {
  readonly initialAccessTokens: InitialAccessTokens
  /** The identifier of the admin API. */
  readonly adminResource: string
}

export function registrationTokenRoutes(deps: RegistrationTokenRoutesDeps): Route[] {
  return [listTokens(deps), createToken(deps), revokeToken(deps)]
}

function listTokens({ initialAccessTokens }: RegistrationTokenRoutesDeps): Route {
  return route({
    method: 'GET',
    path,
    operationId: 'listRegistrationTokens',
    tag,
    summary: 'List the tokens with which clients register themselves, without their values',
    scope: 'clients:read',
    query: pageQuery,
    answer: { status: 200, description: 'A page of tokens.', schema: registrationTokenPage },
    async handle({ query }) {
      const { items, nextCursor } = await initialAccessTokens.list(pageOf(query))
      return { body: { items: items.map(toTokenDocument), next_cursor: nextCursor } }
    },
  })
}

function createToken({ initialAccessTokens, adminResource }: RegistrationTokenRoutesDeps): Route {
  return route({
    method: 'POST',
    path,
    operationId: 'createRegistrationToken',
    tag,
    summary: 'Issue a token with which clients register themselves',
    scope: 'clients:write',
    body: newRegistrationToken,
    answer: { status: 201, description: 'The token, with its value.', schema: createdRegistrationToken },
    async handle({ body, by, caller }) {
      const { name, max_uses: maxUses, lifetime_seconds: lifetimeSeconds, redirect_hosts: hosts, ...limits } = body
      // a client that registers with it must not get rights that the caller lacks
      requireRightsOf(caller, adminResource, limits.allow ?? [])
      const policy = { ...limits, redirect_hosts: hosts ?? undefined }
      const input = { name, policy, maxUses: maxUses ?? undefined, lifetimeSeconds }
      const { token, value } = await initialAccessTokens.create(input, by)
      return {
        body: { ...toTokenDocument(token), token: value },
        location: `${path}/${encodeURIComponent(token.id)}`,
      }
    },
  })
}

function revokeToken({ initialAccessTokens }: RegistrationTokenRoutesDeps): Route {
  return route({
    method: 'DELETE',
    path: `${path}/{token_id}`,
    operationId: 'revokeRegistrationToken',
    tag,
    summary: 'Revoke a token: no client registers with it any more; those that have stay',
    scope: 'clients:write',
    answer: { status: 204, description: 'It is gone.' },
    refusals: [404],
    async handle({ params, by }) {
      await initialAccessTokens.revoke(params.token_id as string, by)
      return {}
    },
  })
}
