/** Who gets a refresh token, whether it ends with the browser session, and when it rotates. */
import type { AuthorizationCode, Client, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { requestScope } from '../engine/scope/request-scope.ts'
import type { Grants } from '../grants/registry.ts'

/**
 * Where the grant may issue one and the client has the `refresh_token` grant: with `offline_access` granted, or to a
 * public client whose access token is for an API.
 */
export function issueRefreshToken(grants: Grants): NonNullable<Configuration['issueRefreshToken']> {
  return async (ctx, client, source) => {
    if (grants.of(ctx)?.refresh !== 'issued' || !client.grantTypeAllowed('refresh_token')) return false
    if (source.scopes.has('offline_access')) return true
    return client.clientAuthMethod === 'none' && ctx.oidc.entities.AccessToken?.aud !== undefined
  }
}

/** With `offline_access`, and always for native apps, tokens outlive the browser session and its logout. */
export const expiresWithSession: NonNullable<Configuration['expiresWithSession']> = async (ctx, source) => {
  const native = ctx.oidc.client?.applicationType === 'native'
  return !native && !(source as AuthorizationCode).scopes.has('offline_access')
}

/**
 * RFC 9700 §2.2.2: refresh tokens of public clients rotate unless they are sender-constrained. FAPI 2.0 §5.3.2.1: for
 * all others rotation only loses clients on network failures. A token that was just rotated is not rotated again: the
 * answer has its successor.
 */
export function rotateRefreshToken(ctx: KoaContextWithOIDC): boolean {
  const { client, entities } = ctx.oidc
  if (requestScope()?.unit?.repeated !== undefined) return false
  return isPublic(client) && entities.RefreshToken?.isSenderConstrained() !== true
}

function isPublic(client: Client | undefined): boolean {
  return client?.clientAuthMethod === 'none'
}
