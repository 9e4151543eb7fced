/** Routes `/clients/{client_id}/secrets`: several secrets can be valid at once, and each is shown only once. */
import { pageOfAll, pageQuery } from '../paging.ts'
import { route, type Route } from '../route.ts'
import { type ClientRoutesDeps, clientWithinRights } from './client-access.ts'
import { createdSecret, secretPage, toSecretDocument } from './schema.ts'

const tag = 'Clients'
const path = '/clients/{client_id}/secrets'

export function secretRoutes(deps: ClientRoutesDeps): Route[] {
  return [listSecrets(deps), addSecret(deps), revokeSecret(deps)]
}

function listSecrets(deps: ClientRoutesDeps): Route {
  return route({
    method: 'GET',
    path,
    operationId: 'listClientSecrets',
    tag,
    summary: 'List the secrets of a client, without their values',
    scope: 'clients:read',
    query: pageQuery,
    answer: { status: 200, description: 'A page of secrets.', schema: secretPage },
    refusals: [404],
    async handle({ params, query }) {
      const secrets = await deps.clients.listSecrets(params.client_id as string)
      return { body: pageOfAll(secrets.map(toSecretDocument), query, ({ id }) => id) }
    },
  })
}

function addSecret(deps: ClientRoutesDeps): Route {
  return route({
    method: 'POST',
    path,
    operationId: 'addClientSecret',
    tag,
    summary: 'Give a client a further secret; those before stay valid until they are revoked',
    scope: 'clients:write',
    answer: { status: 201, description: 'The secret, told this once.', schema: createdSecret },
    refusals: [404, 409],
    async handle({ params, by, caller }) {
      const { id } = await clientWithinRights(deps, params.client_id as string, caller)
      const { secret, value } = await deps.clients.addSecret(id, by)
      return {
        body: { ...toSecretDocument(secret), client_secret: value },
        location: `/clients/${encodeURIComponent(id)}/secrets/${encodeURIComponent(secret.id)}`,
      }
    },
  })
}

function revokeSecret(deps: ClientRoutesDeps): Route {
  return route({
    method: 'DELETE',
    path: `${path}/{secret_id}`,
    operationId: 'revokeClientSecret',
    tag,
    summary: 'Revoke a secret',
    scope: 'clients:write',
    answer: { status: 204, description: 'It is gone.' },
    refusals: [404, 409],
    async handle({ params, by, caller }) {
      const { id } = await clientWithinRights(deps, params.client_id as string, caller)
      await deps.clients.revokeSecret(id, params.secret_id as string, by)
      return {}
    },
  })
}
