/** The hook into authorization requests: `offline_access` that the engine dropped, and the rules for scopes. */
import { decodeJwt } from 'jose'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { clientOf } from '../engine/clients.ts'
import { requestedScopes, type ResourceRequests } from '../grants/resource-requests.ts'

/** The engine calls the function of an extra parameter on each authorization request, sent or not. */
export const HOOK_PARAMETER = 'signet_request'

export function authorizationRequestHook(requests: ResourceRequests) {
  return async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { params, client: engineClient } = ctx.oidc
    if (!params || !engineClient) return
    delete params[HOOK_PARAMETER]
    const client = clientOf(engineClient)
    const granted: string[] = []
    const existing = new Set<string>()
    for (const identifier of Object.keys(ctx.oidc.resourceServers ?? {})) {
      const { resource, scopes } = await requests.allowed(identifier, client)
      granted.push(...scopes)
      for (const { name } of resource.scopes) existing.add(name)
    }
    params['scope'] = requestedScopes(askedScope(ctx), { granted, existing }).join(' ')
  }
}

/**
 * Returns the scope as it was sent. The engine drops `offline_access` unless `prompt=consent` was sent, which almost no
 * library sends; here consent is asked once, one of the "other conditions" of OpenID Connect Core §11. It also drops
 * unknown scopes where no resource is requested; here they are refused by name.
 */
function askedScope(ctx: KoaContextWithOIDC): string | undefined {
  const { client } = ctx.oidc
  const scopes = originalScope(ctx)?.split(' ').filter(Boolean)
  if (!scopes?.includes('offline_access')) return scopes?.join(' ')
  const allowed = client?.scope?.split(' ').includes('offline_access') && client.grantTypeAllowed('refresh_token')
  return scopes.filter((scope) => allowed || scope !== 'offline_access').join(' ')
}

function originalScope(ctx: KoaContextWithOIDC): string | undefined {
  const pushed = ctx.oidc.entities.PushedAuthorizationRequest
  const source = pushed?.request ? decodeJwt(pushed.request) : ctx.method === 'POST' ? ctx.oidc.body : ctx.query
  const scope = source?.['scope']
  return typeof scope === 'string' ? scope : undefined
}
