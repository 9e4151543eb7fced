/** The metadata that an API publishes (RFC 9728), where clients find the issuer and the scopes. */

/** The members of RFC 9728 §2 that we publish. */
export interface ProtectedResourceMetadata {
  readonly resource: string
  readonly authorization_servers: string[]
  readonly bearer_methods_supported: string[]
  readonly scopes_supported?: string[]
  readonly resource_name?: string
  readonly resource_documentation?: string
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
