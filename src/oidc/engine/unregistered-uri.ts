/** Finds out whether a request names an address to return to that its client has not registered. */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { clientOf } from './clients.ts'

export interface UnregisteredUri {
  readonly client: { readonly id: string; readonly name: string; readonly native: boolean }
  readonly member: 'redirect_uris' | 'post_logout_redirect_uris'
  /** As it was sent. */
  readonly sent: string
  readonly registered: readonly string[]
}

/** Returns undefined when the client is unknown, or nothing is wrong with the address. */
export function unregisteredUri({ oidc }: KoaContextWithOIDC): UnregisteredUri | undefined {
  const { client, params, route } = oidc ?? {}
  if (!client) return undefined
  const of = {
    id: client.clientId,
    name: client.clientName ?? client.clientId,
    native: clientOf(client).profile === 'native',
  }
  if (route === 'end_session') {
    const sent = params?.['post_logout_redirect_uri']
    if (typeof sent !== 'string' || client.postLogoutRedirectUriAllowed(sent)) return undefined
    return { client: of, member: 'post_logout_redirect_uris', sent, registered: client.postLogoutRedirectUris ?? [] }
  }
  const sent = params?.['redirect_uri']
  const isAuthorization = route === 'authorization' || route === 'pushed_authorization_request'
  if (!isAuthorization || typeof sent !== 'string' || client.redirectUriAllowed(sent)) return undefined
  return { client: of, member: 'redirect_uris', sent, registered: client.redirectUris ?? [] }
}
