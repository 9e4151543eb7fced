/** Routes `/resources`: the protected APIs. */
import type { Resource, ResourceInput, Resources } from '#resources/resource.ts'
import { ResourceNotFound } from '#resources/errors.ts'
import { validateResource } from '#resources/validation.ts'
import { roomFaults } from '../faults.ts'
import { pageOf, pageQuery } from '../paging.ts'
import { readOnlyFaults } from '../read-only.ts'
import { type Reply, route, type Route } from '../route.ts'
import {
  newResource,
  RESOURCE_READ_ONLY,
  resourceChange,
  resourceDocument,
  resourcePage,
  toResourceDocument,
  toResourceInput,
} from './schema.ts'

const tag = 'Resources'
const path = '/resources/{resource}'

const reply = (resource: Resource): Reply => ({ body: toResourceDocument(resource), version: resource.version })

export interface ResourceRoutesDeps {
  readonly resources: Resources
}

export function resourceRoutes(deps: ResourceRoutesDeps): Route[] {
  return [listResources(deps), createResource(deps), readResource(deps), updateResource(deps), deleteResource(deps)]
}

function listResources({ resources }: ResourceRoutesDeps): Route {
  return route({
    method: 'GET',
    path: '/resources',
    operationId: 'listResources',
    tag,
    summary: 'List resources',
    scope: 'resources:read',
    query: pageQuery,
    answer: { status: 200, description: 'A page of resources.', schema: resourcePage },
    async handle({ query }) {
      const { items, nextCursor } = await resources.list(pageOf(query))
      return { body: { items: items.map(toResourceDocument), next_cursor: nextCursor } }
    },
  })
}

function readResource({ resources }: ResourceRoutesDeps): Route {
  return route({
    method: 'GET',
    path,
    operationId: 'readResource',
    tag,
    summary: 'Read a resource',
    scope: 'resources:read',
    answer: { status: 200, description: 'The resource.', schema: resourceDocument, versioned: true },
    refusals: [404],
    async handle({ params }) {
      const resource = await resources.read(params.resource as string)
      if (!resource) throw new ResourceNotFound(params.resource as string)
      return reply(resource)
    },
  })
}

function createResource({ resources }: ResourceRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/resources',
    operationId: 'createResource',
    tag,
    summary: 'Register a resource',
    scope: 'resources:write',
    body: newResource,
    check: (document) => roomFaults(() => validateResource(toResourceInput(document))),
    answer: { status: 201, description: 'The resource.', schema: resourceDocument, versioned: true },
    refusals: [409],
    async handle({ body, by }) {
      const resource = await resources.create(toResourceInput(body) as ResourceInput, by)
      return { ...reply(resource), location: `/resources/${encodeURIComponent(resource.identifier)}` }
    },
  })
}

function updateResource({ resources }: ResourceRoutesDeps): Route {
  return route({
    method: 'PATCH',
    path,
    operationId: 'updateResource',
    tag,
    summary: 'Change a resource',
    scope: 'resources:write',
    body: resourceChange,
    check: (document, params) => changeFaults(resources, params.resource as string, document),
    conditional: true,
    answer: { status: 200, description: 'The resource.', schema: resourceDocument, versioned: true },
    refusals: [404],
    handle: async ({ params, body, expectedVersion, by }) =>
      reply(await resources.update(params.resource as string, toResourceInput(body), expectedVersion, by)),
  })
}

function deleteResource({ resources }: ResourceRoutesDeps): Route {
  return route({
    method: 'DELETE',
    path,
    operationId: 'deleteResource',
    tag,
    summary: 'Delete a resource',
    scope: 'resources:write',
    conditional: true,
    answer: { status: 204, description: 'It is gone.' },
    refusals: [404],
    async handle({ params, expectedVersion, by }) {
      await resources.remove(params.resource as string, expectedVersion, by)
      return {}
    },
  })
}

/** Returns the faults of a change. Returns none when the resource does not exist, which the change itself reports. */
async function changeFaults(resources: Resources, identifier: string, document: Readonly<Record<string, unknown>>) {
  const current = await resources.read(identifier)
  if (!current) return []
  return [
    ...readOnlyFaults(document, toResourceDocument(current), RESOURCE_READ_ONLY),
    ...(await roomFaults(() => validateResource(toResourceInput(document), current))),
  ]
}
