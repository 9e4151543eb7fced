/**
 * What: `Client.grantTypeAllowed` throws when a token request, or one that begins a grant, uses a grant type that
 * the client may not use.
 * Why: RFC 6749 §5.2 defines `unauthorized_client` for that. The engine answers `invalid_request` and does not list the
 * grant types that the client has.
 * Engine: 9.13.3
 * Test: test/flows/client-credentials.test.ts
 */
import Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Client as EngineClient, KoaContextWithOIDC } from 'oidc-provider'
import { GRANT } from '#clients/profiles.ts'

export function refuseUnauthorizedClients(provider: Provider): void {
  const { prototype } = provider.Client as unknown as { prototype: EngineClient }
  const { grantTypeAllowed } = prototype
  prototype.grantTypeAllowed = function isAllowed(type) {
    const allowed = grantTypeAllowed.call(this, type)
    if (allowed || type !== usedGrantType(Provider.ctx)) return allowed
    const has = this.grantTypes?.join(', ') || 'none'
    throw new errors.UnauthorizedClient(`this client may not use the grant type ${type}; it has: ${has}`)
  }
}

function usedGrantType(ctx: KoaContextWithOIDC | undefined): unknown {
  const { route, params } = ctx?.oidc ?? {}
  if (route === 'device_authorization') return GRANT.device
  if (route === 'backchannel_authentication') return GRANT.ciba
  return route === 'token' ? params?.['grant_type'] : undefined
}
