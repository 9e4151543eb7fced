/** The policies for refresh tokens: when they are issued, when they rotate, and whether they end with the session. */
import type { AuthorizationCode, Client, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { clientOf } from '../engine/clients.ts'
import { requestScope } from '../engine/scope/request-scope.ts'
import type { Grants } from '../grants/registry.ts'

/**
 * Issues a refresh token when the grant type allows it, the client has the `refresh_token` grant, and either
 * `offline_access` was granted, or the access token is for an API and the client is public or was not registered by an
 * administrator. Such clients tell by `grant_types` that they want one, and many of them ask for no `offline_access`.
 */
export function issueRefreshToken(grants: Grants): NonNullable<Configuration['issueRefreshToken']> {
  return async (ctx, client, source) => {
    if (grants.of(ctx)?.refresh !== 'issued' || !client.grantTypeAllowed('refresh_token')) return false
    if (source.scopes.has('offline_access')) return true
    const needsNoScope = isPublic(client) || clientOf(client).origin !== 'administrator'
    return needsNoScope && ctx.oidc.entities.AccessToken?.aud !== undefined
  }
}

/**
 * Returns whether tokens end with the browser session: not with `offline_access`, and never for native apps. For a device
 * it is about the session's own grant, which the device's tokens do not belong to (see `grants/device/decisions.ts`).
 */
export const expiresWithSession: NonNullable<Configuration['expiresWithSession']> = async (ctx, source) => {
  if (ctx.oidc.deviceCode !== undefined) return true
  const native = ctx.oidc.client?.applicationType === 'native'
  return !native && !(source as AuthorizationCode).scopes.has('offline_access')
}

/**
 * Returns whether to rotate the refresh token. RFC 9700 §2.2.2: tokens of public clients rotate unless they are
 * sender-constrained. FAPI 2.0 §5.3.2.1: for all others, rotation gains nothing and a network failure can lose the
 * token. A token that was just rotated is not rotated again; the answer has its successor.
 */
export function rotateRefreshToken(ctx: KoaContextWithOIDC): boolean {
  const { client, entities } = ctx.oidc
  if (requestScope()?.unit?.repeated !== undefined) return false
  return isPublic(client) && entities.RefreshToken?.isSenderConstrained() !== true
}

function isPublic(client: Client | undefined): boolean {
  return client?.clientAuthMethod === 'none'
}
