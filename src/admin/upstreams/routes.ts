/** Routes `/upstreams`: the OpenID providers that people can sign in with. They use the scopes of settings. */
import { callbackPathOf, UPSTREAM_SIGNED_OUT_PATH } from '#federation/paths.ts'
import { UpstreamNotFound } from '#federation/errors.ts'
import type { Upstream, UpstreamInput, Upstreams } from '#federation/upstream.ts'
import { roomFaults } from '../faults.ts'
import { pageOfAll, pageQuery } from '../paging.ts'
import { readOnlyFaults } from '../read-only.ts'
import { type Reply, route, type Route } from '../route.ts'
import {
  newUpstream,
  type ReturnUris,
  toUpstreamDocument,
  toUpstreamInput,
  UPSTREAM_READ_ONLY,
  upstreamChange,
  upstreamDocument,
  upstreamPage,
} from './schema.ts'

const tag = 'Upstream providers'
const path = '/upstreams/{upstream}'

export interface UpstreamRoutesDeps {
  readonly upstreams: Upstreams
  /** The identifier of this API: the issuer with the API's path. */
  readonly adminResource: string
}

export function upstreamRoutes(services: UpstreamRoutesDeps): Route[] {
  const { upstreams } = services
  const deps = { upstreams, uris: (upstream: Upstream) => returnUris(services.adminResource, upstream) }
  return [listUpstreams(deps), createUpstream(deps), readUpstream(deps), updateUpstream(deps), deleteUpstream(deps)]
}

function returnUris(adminResource: string, upstream: Upstream): ReturnUris {
  const issuer = adminResource.replace(/\/admin\/v1$/, '')
  return {
    redirect_uri: issuer + callbackPathOf(upstream),
    post_logout_redirect_uri: issuer + UPSTREAM_SIGNED_OUT_PATH,
  }
}

interface Deps {
  readonly upstreams: Upstreams
  readonly uris: (upstream: Upstream) => ReturnUris
}

const reply = (upstream: Upstream, uris: Deps['uris']): Reply => ({
  body: toUpstreamDocument(upstream, uris(upstream)),
  version: upstream.version,
})

function listUpstreams({ upstreams, uris }: Deps): Route {
  return route({
    method: 'GET',
    path: '/upstreams',
    operationId: 'listUpstreams',
    tag,
    summary: 'List upstream providers',
    scope: 'settings:read',
    query: pageQuery,
    answer: { status: 200, description: 'A page of upstream providers.', schema: upstreamPage },
    async handle({ query }) {
      const page = pageOfAll(await upstreams.list(), query, ({ id }) => id)
      return { body: { ...page, items: page.items.map((upstream) => toUpstreamDocument(upstream, uris(upstream))) } }
    },
  })
}

function createUpstream({ upstreams, uris }: Deps): Route {
  return route({
    method: 'POST',
    path: '/upstreams',
    operationId: 'createUpstream',
    tag,
    summary: 'Add an upstream provider',
    scope: 'settings:write',
    body: newUpstream,
    check: (document) => roomFaults(() => upstreams.check(toUpstreamInput(document), undefined)),
    answer: { status: 201, description: 'The upstream provider.', schema: upstreamDocument, versioned: true },
    refusals: [409],
    async handle({ body, by }) {
      const upstream = await upstreams.create(toUpstreamInput(body) as UpstreamInput, by)
      return { ...reply(upstream, uris), location: `/upstreams/${upstream.id}` }
    },
  })
}

function readUpstream({ upstreams, uris }: Deps): Route {
  return route({
    method: 'GET',
    path,
    operationId: 'readUpstream',
    tag,
    summary: 'Read an upstream provider',
    scope: 'settings:read',
    answer: { status: 200, description: 'The upstream provider.', schema: upstreamDocument, versioned: true },
    refusals: [404],
    async handle({ params }) {
      const upstream = await upstreams.read(params.upstream as string)
      if (!upstream) throw new UpstreamNotFound(params.upstream as string)
      return reply(upstream, uris)
    },
  })
}

function updateUpstream({ upstreams, uris }: Deps): Route {
  return route({
    method: 'PATCH',
    path,
    operationId: 'updateUpstream',
    tag,
    summary: 'Change an upstream provider',
    scope: 'settings:write',
    body: upstreamChange,
    async check(document, params) {
      const current = await upstreams.read(params.upstream as string)
      // the change itself reports that the provider does not exist
      if (!current) return []
      return [
        ...readOnlyFaults(document, toUpstreamDocument(current, uris(current)), UPSTREAM_READ_ONLY),
        ...(await roomFaults(() => upstreams.check(toUpstreamInput(document), current))),
      ]
    },
    conditional: true,
    answer: { status: 200, description: 'The upstream provider.', schema: upstreamDocument, versioned: true },
    refusals: [404, 409],
    handle: async ({ params, body, expectedVersion, by }) =>
      reply(
        await upstreams.update(
          params.upstream as string,
          toUpstreamInput(body as Record<string, unknown>),
          expectedVersion,
          by,
        ),
        uris,
      ),
  })
}

function deleteUpstream({ upstreams }: Deps): Route {
  return route({
    method: 'DELETE',
    path,
    operationId: 'deleteUpstream',
    tag,
    summary: 'Delete an upstream provider, and its links with it',
    scope: 'settings:write',
    conditional: true,
    answer: { status: 204, description: 'It is gone.' },
    refusals: [404],
    async handle({ params, expectedVersion, by }) {
      await upstreams.remove(params.upstream as string, expectedVersion, by)
      return {}
    },
  })
}
