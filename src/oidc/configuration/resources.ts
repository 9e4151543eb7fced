/** The engine's callbacks for resource indicators (RFC 8707): the requested resource and its allowed scopes. */
import type { Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider'
import type { Client } from '#clients/client.ts'
import { OPENID_SCOPES } from '#clients/profiles.ts'
import type { Resource } from '#resources/resource.ts'
import { impliedByDetails } from './authorization-details.ts'
import { jwtSettings } from './access-token-typ.ts'
import { orUnavailable } from '../adapter/errors.ts'
import { clientOf } from '../engine/clients.ts'
import type { Grants } from '../grants/registry.ts'
import { invalidTarget, machineResource, requestedScopes, type ResourceRequests } from '../grants/resource-requests.ts'

type Feature = NonNullable<NonNullable<Configuration['features']>['resourceIndicators']>

export function resourceIndicators(requests: ResourceRequests, grants: Grants): Feature {
  return {
    enabled: true,
    // a code or refresh token for one resource keeps that resource, even when openid is among its scopes; a refresh that
    // asks for scopes of OpenID Connect alone is for userinfo
    useGrantedResource: (ctx) => grants.of(ctx)?.refresh !== 'presented' || !isOpenidOnly(ctx.oidc.params?.['scope']),
    async defaultResource(ctx, engineClient, oneOf) {
      const client = clientOf(engineClient)
      if (oneOf !== undefined) return chosen(client, [oneOf].flat())
      const byDetails = await orUnavailable(() => impliedByDetails(requests, ctx, client))
      if (grants.of(ctx)?.resource === 'client') return byDetails.length > 0 ? byDetails : machineResource(client)
      const byScope = requests.implied(client, ctx.oidc.params?.['scope'] as string | undefined, byDetails.length > 0)
      return byDetails.length > 0 ? [...new Set([...byDetails, ...(byScope === undefined ? [] : [byScope])])] : byScope
    },
    getResourceServerInfo: (ctx, identifier, engineClient) =>
      orUnavailable(async () => {
        const { resource, scopes } = await requests.allowed(identifier, clientOf(engineClient))
        if (grants.of(ctx)?.scope === 'client') narrowScope(ctx, resource, scopes)
        return resourceServer(resource, scopes)
      }),
  }
}

function isOpenidOnly(scope: unknown): boolean {
  if (typeof scope !== 'string') return false
  const scopes = scope.split(' ')
  return scopes.includes('openid') && scopes.every((name) => OPENID_SCOPES.some((known) => known === name))
}

/**
 * Returns the resource of a token request that names none (RFC 8707 §2.2): the only one that is granted or that its
 * authorization details are for, or the client's default.
 */
function chosen(client: Client, identifiers: readonly string[]): string {
  const [first, ...others] = identifiers
  if (first !== undefined && others.length === 0) return first
  if (client.defaultResource !== undefined && identifiers.includes(client.defaultResource))
    return client.defaultResource
  throw invalidTarget(`name one resource: the grant is for ${identifiers.join(', ')}`)
}

/** Sets the scope to all that the client may have when none is named, or else to the named scopes, checked. */
function narrowScope(ctx: KoaContextWithOIDC, resource: Resource, granted: readonly string[]): void {
  const { params } = ctx.oidc
  if (!params) return
  // details alone are a request too: no scope is meant then
  if (params['scope'] === undefined && params['authorization_details'] !== undefined) return
  const existing = new Set(resource.scopes.map(({ name }) => name))
  params['scope'] = requestedScopes(params['scope'] as string | undefined, {
    identified: [resource.identifier],
    granted,
    existing,
  }).join(' ')
}

function resourceServer(resource: Resource, scopes: readonly string[]): ResourceServer {
  return {
    // RFC 9068 §3: the identifier exactly as registered, not as spelled in the request
    audience: resource.identifier,
    scope: scopes.join(' '),
    accessTokenFormat: resource.accessTokenFormat,
    ...(resource.accessTokenTtlSeconds === undefined ? {} : { accessTokenTTL: resource.accessTokenTtlSeconds }),
    jwt: jwtSettings(resource),
  }
}

/** Replaces each resource in the parameters with its registered spelling. Unknown resources stay as they are. */
export async function canonicalResources(requests: ResourceRequests, params: Record<string, unknown>): Promise<void> {
  const named = params['resource']
  if (typeof named === 'string') params['resource'] = await canonical(requests, named)
  if (Array.isArray(named)) {
    params['resource'] = await Promise.all(
      named.map((one) => (typeof one === 'string' ? canonical(requests, one) : one)),
    )
  }
}

async function canonical(requests: ResourceRequests, identifier: string): Promise<string> {
  return (await orUnavailable(() => requests.find(identifier)))?.identifier ?? identifier
}
