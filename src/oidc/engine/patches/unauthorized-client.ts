/**
 * What: `Client.grantTypeAllowed` throws when a token request uses a grant type that the client may not use.
 * Why: RFC 6749 §5.2 defines `unauthorized_client` for that. The engine answers `invalid_request` and does not list the
 * grant types that the client has.
 * Engine: 9.13.3
 * Test: test/flows/client-credentials.test.ts
 */
import Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Client as EngineClient } from 'oidc-provider'

export function refuseUnauthorizedClients(provider: Provider): void {
  const { prototype } = provider.Client as unknown as { prototype: EngineClient }
  const { grantTypeAllowed } = prototype
  prototype.grantTypeAllowed = function isAllowed(type) {
    const allowed = grantTypeAllowed.call(this, type)
    const { route, params } = Provider.ctx?.oidc ?? {}
    if (allowed || route !== 'token' || params?.['grant_type'] !== type) return allowed
    const has = this.grantTypes?.join(', ') || 'none'
    throw new errors.UnauthorizedClient(`this client may not use the grant type ${type}; it has: ${has}`)
  }
}
