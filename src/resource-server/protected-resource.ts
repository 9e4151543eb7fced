/** The metadata that an API publishes (RFC 9728), where clients find the issuer and the scopes. */

import { type AccessTokensOptions, scopeList } from './options.ts'
import type { RefusalContext } from './refusal.ts'

/** The members of RFC 9728 §2 that we publish. */
export interface ProtectedResourceMetadata {
  readonly resource: string
  readonly authorization_servers: string[]
  readonly bearer_methods_supported: string[]
  readonly scopes_supported?: string[]
  readonly resource_name?: string
  readonly resource_documentation?: string
  readonly dpop_signing_alg_values_supported?: string[]
  readonly dpop_bound_access_tokens_required?: boolean
  readonly tls_client_certificate_bound_access_tokens?: boolean
}

/**
 * Returns the URL of a resource's metadata: RFC 9728 §3.1 puts the well-known part between host and path. Undefined for
 * an identifier that is not an http(s) URL.
 */
export function protectedResourceMetadataUrl(resource: string): string | undefined {
  const url = URL.parse(resource)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  const path = url.pathname === '/' ? '' : url.pathname
  return `${url.origin}/.well-known/oauth-protected-resource${path}${url.search}`
}

/** Returns the document that an API serves. */
export function protectedResourceMetadata(
  options: AccessTokensOptions,
  dpop: RefusalContext['dpop'],
): ProtectedResourceMetadata {
  const scopes = options.scopesSupported ?? scopeList(options.scope)
  return {
    resource: options.audience,
    authorization_servers: [options.issuer],
    bearer_methods_supported: ['header'],
    ...(scopes.length === 0 ? {} : { scopes_supported: [...scopes] }),
    ...(options.resourceName === undefined ? {} : { resource_name: options.resourceName }),
    ...(options.resourceDocumentation === undefined ? {} : { resource_documentation: options.resourceDocumentation }),
    ...(dpop === undefined ? {} : { dpop_signing_alg_values_supported: [...dpop.algorithms] }),
    ...(dpop?.required === true ? { dpop_bound_access_tokens_required: true } : {}),
    ...(options.clientCertificate ? { tls_client_certificate_bound_access_tokens: true } : {}),
  }
}
