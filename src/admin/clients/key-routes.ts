/**
 * Routes `/clients/{client_id}/keys`: the keys with which a client signs its assertions, including revoked and former
 * ones.
 */
import type { ClientKeyReport } from '#clients/managed-keys.ts'
import { pageOfAll, type PageQuery, pageQuery } from '../paging.ts'
import { route, type Route } from '../route.ts'
import { type ClientRoutesDeps, clientWithinRights } from './client-access.ts'
import { clientKey, clientKeyPage, publicKey, toClientKeyDocument, toFetchState } from './key-schema.ts'

const tag = 'Clients'
const path = '/clients/{client_id}/keys'

export function clientKeyRoutes(deps: ClientRoutesDeps): Route[] {
  return [listKeys(deps), addKey(deps), refetchKeys(deps), revokeKey(deps)]
}

function listKeys({ clientKeys }: ClientRoutesDeps): Route {
  return route({
    method: 'GET',
    path,
    operationId: 'listClientKeys',
    tag,
    summary: 'List the keys of a client: first seen, last used, revoked',
    scope: 'clients:read',
    query: pageQuery,
    answer: { status: 200, description: 'A page of keys, and the last fetch.', schema: clientKeyPage },
    refusals: [404],
    handle: async ({ params, query }) => ({ body: page(await clientKeys.report(params.client_id as string), query) }),
  })
}

function addKey(deps: ClientRoutesDeps): Route {
  return route({
    method: 'POST',
    path,
    operationId: 'addClientKey',
    tag,
    summary: 'Give a client a further key; those before stay good until they are revoked',
    scope: 'clients:write',
    body: publicKey,
    answer: { status: 201, description: 'The key.', schema: clientKey },
    refusals: [404, 409],
    async handle({ params, body, by, caller }) {
      const { id } = await clientWithinRights(deps, params.client_id as string, caller)
      const thumbprint = await deps.clients.addKey(id, body, by)
      const { keys } = await deps.clientKeys.report(id)
      const added = keys.find((key) => key.thumbprint === thumbprint)
      return {
        body: added && toClientKeyDocument(added),
        location: `/clients/${encodeURIComponent(id)}/keys/${thumbprint}`,
      }
    },
  })
}

function refetchKeys(deps: ClientRoutesDeps): Route {
  return route({
    method: 'POST',
    path: `${path}/refetch`,
    operationId: 'refetchClientKeys',
    tag,
    summary: 'Fetch what the jwks_uri of a client shows now, for every node',
    scope: 'clients:write',
    answer: {
      status: 200,
      description: 'The keys there are now. Where nothing came `document.error` says why, and those before stay.',
      schema: clientKeyPage,
    },
    refusals: [404, 409],
    async handle({ params, by, caller }) {
      const { id } = await clientWithinRights(deps, params.client_id as string, caller)
      return { body: page(await deps.clientKeys.refetch(id, by), { limit: '200' }) }
    },
  })
}

function revokeKey(deps: ClientRoutesDeps): Route {
  return route({
    method: 'DELETE',
    path: `${path}/{key_id}`,
    operationId: 'revokeClientKey',
    tag,
    summary: 'Revoke a key by its kid or thumbprint: it is refused for good, whatever the client shows',
    scope: 'clients:write',
    answer: { status: 204, description: 'What it signs is refused on every node within a second.' },
    refusals: [404, 409],
    async handle({ params, by, caller }) {
      const { id } = await clientWithinRights(deps, params.client_id as string, caller)
      await deps.clients.revokeKey(id, params.key_id as string, by)
      return {}
    },
  })
}

function page(report: ClientKeyReport, query: PageQuery) {
  const keys = report.keys.map(toClientKeyDocument)
  return { ...pageOfAll(keys, query, ({ thumbprint }) => thumbprint), document: toFetchState(report) }
}
