/** The client by which a person comes to their own account page: built in, no row, and never asked for consent. */
import type { Client } from '#clients/client.ts'

export const ACCOUNT_CLIENT_ID = 'signet-account'
/** Below the issuer: where the sign-in for the account page ends. */
export const ACCOUNT_SIGNED_IN_PATH = '/account/signed-in'

/**
 * A public client whose code nobody redeems: what it is for is the session that the sign-in leaves in the browser. Its
 * redirect URI is ours, so that nobody else can be reached by it.
 */
export function accountClient(issuer: string): Client {
  const since = new Date(0)
  return {
    id: ACCOUNT_CLIENT_ID,
    origin: 'administrator',
    profile: 'spa',
    status: 'enabled',
    metadata: {
      client_name: 'Signet',
      client_uri: `${issuer}/account`,
      redirect_uris: [`${issuer}${ACCOUNT_SIGNED_IN_PATH}`],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      signet_origins: [],
    },
    openidScopes: ['openid'],
    allowances: [],
    defaultResource: undefined,
    secretDigests: [],
    revokedKeys: new Map(),
    publishedKeys: undefined,
    version: 1,
    createdAt: since,
    updatedAt: since,
  }
}
