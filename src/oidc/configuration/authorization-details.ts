/** Authorization details (RAR, RFC 9396): types that resources have registered, for the clients that may ask for them. */
import { errors } from 'oidc-provider'
import type { AccessToken, ClientCredentials, KoaContextWithOIDC, RefreshToken } from 'oidc-provider'
import type { Client } from '#clients/client.ts'
import { type AuthorizationDetail, detailFault, isWithin, typeAt } from '#resources/authorization-details.ts'
import type { Resource } from '#resources/resource.ts'
import { orUnavailable } from '../adapter/errors.ts'
import { clientOf } from '../engine/clients.ts'
import type { ResourceRequests } from '../grants/resource-requests.ts'

type Token = AccessToken | ClientCredentials
type Source = Pick<RefreshToken, 'rar'> | undefined

/** Returns the engine's setting. Its `types` are empty: `patches/details-types.ts` lets it find ours. */
export function richAuthorizationRequests(requests: ResourceRequests) {
  return {
    enabled: true,
    types: {},
    // the person was asked for all of them, each time
    authorizationDetailsForGrantSource: async (ctx: KoaContextWithOIDC) => requestedDetails(ctx),
    authorizationDetailsForAccessToken: async (ctx: KoaContextWithOIDC, token: Token, source: Source) =>
      orUnavailable(() => detailsOfToken(requests, ctx, { token, source })),
    authorizationDetailsForIntrospection: async (_ctx: KoaContextWithOIDC, token: Token | RefreshToken) => token.rar,
  } as const
}

/** Returns the details of a request; the engine has checked that they are objects with a type. */
export function requestedDetails({ oidc }: KoaContextWithOIDC): readonly AuthorizationDetail[] | undefined {
  const sent = oidc.params?.['authorization_details']
  return typeof sent === 'string' ? (JSON.parse(sent) as AuthorizationDetail[]) : undefined
}

/** Checks one detail of a request. Throws InvalidAuthorizationDetails (RFC 9396 §5). */
export async function checkDetail(
  requests: ResourceRequests,
  ctx: KoaContextWithOIDC,
  detail: AuthorizationDetail,
  client: Client,
): Promise<void> {
  const { type } = detail
  const own = typesOf(client)
  if (!own.includes(type)) {
    const some = own.length > 0 ? `it may ask for ${own.join(', ')}` : 'it may ask for none'
    throw refused(`the type ${shown(type)} is not registered for this client: ${some}`)
  }
  const resources = await resourcesOf(requests, ctx, { detail, client })
  const [resource] = resources
  if (!resource) throw refused(`no resource that this client may ask for takes the type ${shown(type)} there`)
  const faults = resources.map((one) => detailFault(typeAt(one, detail) as never, detail))
  const fault = faults.find((found) => found !== undefined)
  if (fault !== undefined) throw refused(`${shown(type)} for ${resource.identifier}: ${fault}`)
}

/** Returns the identifiers of the resources that the details of a request are for, when it names none. */
export async function impliedByDetails(
  requests: ResourceRequests,
  ctx: KoaContextWithOIDC,
  client: Client,
): Promise<string[]> {
  const found = new Set<string>()
  for (const detail of requestedDetails(ctx) ?? []) {
    for (const { identifier } of await resourcesOf(requests, ctx, { detail, client })) found.add(identifier)
  }
  return [...found]
}

/** Returns the resources that a detail can be for: those that take it, of the requested ones if the request names any. */
async function resourcesOf(
  requests: ResourceRequests,
  ctx: KoaContextWithOIDC,
  { detail, client }: { detail: AuthorizationDetail; client: Client },
): Promise<Resource[]> {
  const named = ctx.oidc.params?.['resource'] as string | string[] | undefined
  const asked = named === undefined ? client.allowances.map(({ resource }) => resource) : [named].flat()
  const resources = await Promise.all(asked.map((identifier) => requests.find(identifier)))
  const allowed = new Set(client.allowances.map(({ resource }) => resource))
  return resources.filter(
    (resource): resource is Resource =>
      resource !== undefined && allowed.has(resource.identifier) && typeAt(resource, detail) !== undefined,
  )
}

/**
 * Returns the details of an access token: those that were granted, or the narrower ones that the token request names
 * (RFC 9396 §6), for its resource alone. Details that the resource or the client has lost are left out.
 */
async function detailsOfToken(
  requests: ResourceRequests,
  ctx: KoaContextWithOIDC,
  { token, source }: { token: Token; source: Source },
): Promise<AuthorizationDetail[] | undefined> {
  const asked = requestedDetails(ctx)
  const client = ctx.oidc.client && clientOf(ctx.oidc.client)
  const identifier = token.resourceServer?.identifier()
  const resource = identifier === undefined ? undefined : await requests.find(identifier)
  if (!resource || !client) {
    if (asked) throw refused('they are for an API: name its resource')
    return undefined
  }
  const isHere = (detail: AuthorizationDetail) => typeAt(resource, detail) !== undefined
  for (const detail of asked ?? []) {
    if (!isHere(detail))
      throw refused(`${shown(detail.type)} is not for ${resource.identifier}, which the token is for`)
    if (source && !source.rar?.some((granted) => isWithin(detail, granted))) {
      throw refused(`more was asked for ${shown(detail.type)} than was granted`)
    }
  }
  const own = typesOf(client)
  const kept = (asked ?? source?.rar ?? []).filter((detail) => isHere(detail) && own.includes(detail.type))
  return kept.length === 0 ? undefined : kept
}

function typesOf({ metadata }: Client): readonly string[] {
  return (metadata['authorization_details_types'] as string[] | undefined) ?? []
}

function shown(type: string): string {
  return JSON.stringify(type.slice(0, 200))
}

function refused(why: string): Error {
  return new errors.InvalidAuthorizationDetails(`authorization_details: ${why}`)
}
