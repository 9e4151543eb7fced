/**
 * What: `OIDCContext.urlFor` builds URLs from the issuer, or from the origin for client certificates if the request was
 * sent there.
 * Why: the engine builds them from the request's Host, which the sender of the request controls. A DPoP proof names the
 * URL that its client called (RFC 9449 §4.3).
 * Engine: 9.13.3
 * Test: test/hazards/bad-input-http.test.ts
 */
import type { Context } from 'koa'
import type Provider from 'oidc-provider'
import { requestState } from '#http/request-state.ts'

export function makeUrlsFromIssuer(provider: Provider): void {
  const { origin } = new URL(provider.issuer)
  const prototype = provider.OIDCContext.prototype as unknown as Urls
  prototype.urlFor = function urlFor(name, options) {
    const url = provider.urlFor(name, options)
    const { mtlsOrigin } = requestState(this.ctx)
    return mtlsOrigin === undefined ? url : mtlsOrigin + url.slice(origin.length)
  }
}

interface Urls {
  readonly ctx: Context
  urlFor(this: Urls, name: string, options?: Record<string, unknown>): string
}
