/** Routes `/clients`: the apps and services that get tokens. */
import type { ClientInput } from '#clients/client.ts'
import { clientToMetadata, metadataToInput } from '#clients/document.ts'
import { ClientNotFound } from '#clients/errors.ts'
import { pageOf } from '../paging.ts'
import { route, type Route } from '../route.ts'
import { clientKeyRoutes } from './key-routes.ts'
import { clientDocumentRoutes } from './document-routes.ts'
import { allowanceRoutes } from './allowance-routes.ts'
import {
  changeWithinRights,
  type ClientRoutesDeps,
  clientReply,
  clientWithinRights,
  requireRightsAsked,
} from './client-access.ts'
import { documentFaults } from './document-faults.ts'
import { clientChange, clientDocument, clientPage, clientQuery, createdClient, newClient } from './schema.ts'
import { secretRoutes } from './secret-routes.ts'

const tag = 'Clients'
const path = '/clients/{client_id}'
const one = { status: 200, description: 'The client.', schema: clientDocument, versioned: true } as const

export function clientRoutes(deps: ClientRoutesDeps): Route[] {
  return [
    listClients(deps),
    createClient(deps),
    readClient(deps),
    updateClient(deps),
    deleteClient(deps),
    changeStatus(deps, 'enable'),
    changeStatus(deps, 'disable'),
    unblockClient(deps),
    ...allowanceRoutes(deps),
    ...secretRoutes(deps),
    ...clientKeyRoutes(deps),
    ...clientDocumentRoutes(deps),
  ]
}

function listClients({ clients }: ClientRoutesDeps): Route {
  return route({
    method: 'GET',
    path: '/clients',
    operationId: 'listClients',
    tag,
    summary: 'List clients',
    scope: 'clients:read',
    query: clientQuery,
    answer: { status: 200, description: 'A page of clients.', schema: clientPage },
    async handle({ query }) {
      const { items, nextCursor } = await clients.list({ ...pageOf(query), origin: query.origin })
      return { body: { items: items.map(clientToMetadata), next_cursor: nextCursor } }
    },
  })
}

function createClient(deps: ClientRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/clients',
    operationId: 'createClient',
    tag,
    summary: 'Register a client',
    scope: 'clients:write',
    body: newClient,
    check: (document) => documentFaults(deps, document, undefined),
    answer: {
      status: 201,
      description: 'The client, with its secret where it has one.',
      schema: createdClient,
      versioned: true,
    },
    refusals: [409],
    async handle({ body, by, caller }) {
      const input = metadataToInput(body) as ClientInput
      requireRightsAsked(deps, input, caller)
      const { client, secret } = await deps.clients.create({ ...input, origin: 'administrator' }, by)
      const told = secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }
      return {
        body: { ...clientToMetadata(client), ...told },
        version: client.version,
        location: `/clients/${encodeURIComponent(client.id)}`,
      }
    },
  })
}

function readClient({ clients }: ClientRoutesDeps): Route {
  return route({
    method: 'GET',
    path,
    operationId: 'readClient',
    tag,
    summary: 'Read a client',
    scope: 'clients:read',
    answer: one,
    refusals: [404],
    async handle({ params }) {
      const client = await clients.read(params.client_id as string)
      if (!client) throw new ClientNotFound(params.client_id as string)
      return clientReply(client)
    },
  })
}

function updateClient(deps: ClientRoutesDeps): Route {
  return route({
    method: 'PATCH',
    path,
    operationId: 'updateClient',
    tag,
    summary: 'Change a client',
    scope: 'clients:write',
    body: clientChange,
    check: async (document, params) =>
      documentFaults(deps, document, await deps.clients.read(params.client_id as string)),
    conditional: true,
    answer: one,
    refusals: [404, 409],
    handle: async (call) =>
      clientReply(await changeWithinRights(deps, call, (before) => metadataToInput(call.body, before))),
  })
}

function deleteClient(deps: ClientRoutesDeps): Route {
  return route({
    method: 'DELETE',
    path,
    operationId: 'deleteClient',
    tag,
    summary: 'Delete a client: its tokens and consents go with it',
    scope: 'clients:write',
    conditional: true,
    answer: { status: 204, description: 'It is gone.' },
    refusals: [404, 409],
    async handle({ params, expectedVersion, by, caller }) {
      const { id } = await clientWithinRights(deps, params.client_id as string, caller)
      await deps.clients.remove(id, expectedVersion, by)
      return {}
    },
  })
}

function changeStatus(deps: ClientRoutesDeps, verb: 'enable' | 'disable'): Route {
  return route({
    method: 'POST',
    path: `${path}/${verb}`,
    operationId: `${verb}Client`,
    tag,
    summary: verb === 'enable' ? 'Enable a client' : 'Disable a client: it gets no tokens',
    scope: 'clients:write',
    conditional: true,
    answer: one,
    refusals: [404, 409],
    async handle({ params, expectedVersion, by, caller }) {
      const { id } = await clientWithinRights(deps, params.client_id as string, caller)
      return clientReply(await deps.clients.setStatus(id, `${verb}d`, expectedVersion, by))
    },
  })
}

function unblockClient({ clients }: ClientRoutesDeps): Route {
  return route({
    method: 'POST',
    path: `${path}/unblock`,
    operationId: 'unblockClient',
    tag,
    summary: 'Let a deleted client document or self-registered app come back, as a new client',
    scope: 'clients:write',
    answer: { status: 204, description: 'It is no longer blocked.' },
    refusals: [404],
    async handle({ params, by }) {
      await clients.unblock(params.client_id as string, by)
      return {}
    },
  })
}
