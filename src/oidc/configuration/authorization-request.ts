/** A hook into authorization requests that applies our rules for scopes, such as `offline_access`. */
import { decodeJwt } from 'jose'
import { errors } from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { ACCOUNT_CLIENT_ID } from '../engine/account-client.ts'
import { clientOf } from '../engine/clients.ts'
import { CREATE } from './interaction-policy.ts'
import type { ReplayDeps } from '../engine/patches/replay-detection.ts'
import { requestScope } from '../engine/scope/request-scope.ts'
import { assertSizes } from './parameter-sizes.ts'
import { assertText } from './parameter-text.ts'
import { requestedScopes, type ResourceRequests } from '../grants/resource-requests.ts'
import { useOfRequestObject, useRequestObject } from './request-objects.ts'

/** The extra parameter of the hook. The engine calls its function on each request, even when it is not sent. */
export const HOOK_PARAMETER = 'signet_request'

/** RFC 9449 §10: a SHA-256 thumbprint (RFC 7638). */
const THUMBPRINT = /^[\w-]{43}$/

export interface RequestRules extends Pick<ReplayDeps, 'reserveNow'> {
  readonly requests: ResourceRequests
  /** Whether people may make an account by themselves. */
  readonly canRegister: () => boolean
}

export function authorizationRequestHook({ requests, canRegister, reserveNow }: RequestRules) {
  return async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { params, client: engineClient } = ctx.oidc
    if (!params || !engineClient) return
    delete params[HOOK_PARAMETER]
    if (ctx.oidc.route === 'pushed_authorization_request' && engineClient.clientId === ACCOUNT_CLIENT_ID) {
      throw new errors.UnauthorizedClient('the account page pushes no requests: use a client of your own')
    }
    if (ctx.oidc.route === 'device_authorization') adaptToDevice(params)
    if (ctx.oidc.route === 'backchannel_authentication') adaptPrompt(params)
    assertSizes(Object.keys(params), { ...params, ...(ctx.method === 'POST' ? ctx.oidc.body : ctx.query) })
    assertText(params)
    assertThumbprint(params['dpop_jkt'])
    if (ctx.oidc.prompts.has(CREATE) && !canRegister()) {
      throw new errors.InvalidRequest('prompt create is not supported now: people cannot register by themselves here')
    }
    const client = clientOf(engineClient)
    const granted: string[] = []
    const existing = new Set<string>()
    const servers: KoaContextWithOIDC['oidc']['resourceServers'] = {}
    for (const [identifier, server] of Object.entries(ctx.oidc.resourceServers ?? {})) {
      const { resource, scopes } = await requests.allowed(identifier, client)
      servers[resource.identifier] = new ctx.oidc.provider.ResourceServer(resource.identifier, server)
      granted.push(...scopes)
      for (const { name } of resource.scopes) existing.add(name)
    }
    const identified = Object.keys(servers)
    if (identified.length > 0) {
      // what was pushed or stands in a request object was not spelled as registered before
      Object.assign(ctx.oidc, { resourceServers: servers })
      params['resource'] = identified.length === 1 ? identified[0] : identified
    }
    const asked = askedScope(ctx)
    // details alone are a request too: no scope is meant then
    params['scope'] =
      asked === undefined && params['authorization_details'] !== undefined
        ? undefined
        : requestedScopes(asked, { identified, granted, existing }).join(' ')
    await noteRequestObject(ctx, reserveNow)
  }
}

function assertThumbprint(given: unknown): void {
  if (given === undefined || (typeof given === 'string' && THUMBPRINT.test(given))) return
  throw new errors.InvalidRequest('dpop_jkt is not the SHA-256 thumbprint of a key: 43 characters of base64url')
}

/** An object in a URL is used with the answer, which finds what is noted here; any other is used with its request. */
async function noteRequestObject(ctx: KoaContextWithOIDC, reserveNow: RequestRules['reserveNow']): Promise<void> {
  const use = useOfRequestObject(ctx)
  if (use === undefined) return
  if (ctx.oidc.route === 'authorization') Object.assign(ctx.oidc.params as object, { [HOOK_PARAMETER]: use })
  else await useRequestObject(use, reserveNow)
}

/** A device authorization request has no `prompt` and no `id_token_hint`. */
function adaptToDevice(params: Record<string, unknown>): void {
  adaptPrompt(params)
  delete params['id_token_hint']
}

/**
 * The engine turns `max_age=0` into `prompt=login`, which its later steps would not find where a request has no `prompt`.
 * Both mean that the person has to sign in again.
 */
function adaptPrompt(params: Record<string, unknown>): void {
  if (params['prompt'] === 'login' && params['max_age'] === undefined) params['max_age'] = '0'
  delete params['prompt']
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
  const sent = requestScope()?.requestObject ?? (ctx.method === 'POST' ? ctx.oidc.body : ctx.query)
  const source: Readonly<Record<string, unknown>> | undefined = pushed?.request ? decodeJwt(pushed.request) : sent
  const scope = source?.['scope']
  return typeof scope === 'string' ? scope : undefined
}
