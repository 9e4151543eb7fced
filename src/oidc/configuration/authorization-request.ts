/** A hook into authorization requests that applies our rules for scopes, such as `offline_access`. */
import { decodeJwt } from 'jose'
import { errors } from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { ACCOUNT_CLIENT_ID } from '../engine/account-client.ts'
import { clientOf } from '../engine/clients.ts'
import { CREATE } from './interaction-policy.ts'
import { assertSizes } from './parameter-sizes.ts'
import { requestedScopes, type ResourceRequests } from '../grants/resource-requests.ts'

/** The extra parameter of the hook. The engine calls its function on each request, even when it is not sent. */
export const HOOK_PARAMETER = 'signet_request'

export interface RequestRules {
  readonly requests: ResourceRequests
  /** Whether people may make an account by themselves. */
  readonly canRegister: () => boolean
}

export function authorizationRequestHook({ requests, canRegister }: RequestRules) {
  return async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { params, client: engineClient } = ctx.oidc
    if (!params || !engineClient) return
    delete params[HOOK_PARAMETER]
    if (ctx.oidc.route === 'pushed_authorization_request' && engineClient.clientId === ACCOUNT_CLIENT_ID) {
      throw new errors.UnauthorizedClient('the account page pushes no requests: use a client of your own')
    }
    if (ctx.oidc.route === 'device_authorization') adaptToDevice(params)
    assertSizes(Object.keys(params), { ...params, ...(ctx.method === 'POST' ? ctx.oidc.body : ctx.query) })
    if (ctx.oidc.prompts.has(CREATE) && !canRegister()) {
      throw new errors.InvalidRequest('prompt create is not supported now: people cannot register by themselves here')
    }
    const client = clientOf(engineClient)
    const granted: string[] = []
    const existing = new Set<string>()
    const identified = Object.keys(ctx.oidc.resourceServers ?? {})
    for (const identifier of identified) {
      const { resource, scopes } = await requests.allowed(identifier, client)
      granted.push(...scopes)
      for (const { name } of resource.scopes) existing.add(name)
    }
    params['scope'] = requestedScopes(askedScope(ctx), { identified, granted, existing }).join(' ')
  }
}

/**
 * A device authorization request has no `prompt` and no `id_token_hint`; the engine turns `max_age=0` into
 * `prompt=login`, which its later steps would not find. Both mean that the person has to sign in again.
 */
function adaptToDevice(params: Record<string, unknown>): void {
  if (params['prompt'] === 'login' && params['max_age'] === undefined) params['max_age'] = '0'
  delete params['prompt']
  delete params['id_token_hint']
}

/**
 * Returns the scope as it was sent, without `offline_access` if the client may not have it. The engine drops
 * `offline_access` unless `prompt=consent` was sent, which few libraries send. Here consent is asked once, which is one
 * of the "other conditions" of OpenID Connect Core §11. The engine also drops unknown scopes when no resource is
 * requested; here they are refused by name.
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
