/**
 * What: `OIDCContext.urlFor` builds URLs from the issuer.
 * Why: the engine builds them from the request's Host, which the sender of the request controls.
 * Engine: 9.13.3
 * Test: test/hazards/bad-input-http.test.ts
 */
import type Provider from 'oidc-provider'

export function makeUrlsFromIssuer(provider: Provider): void {
  provider.OIDCContext.prototype.urlFor = (name, options) => provider.urlFor(name, options)
}
