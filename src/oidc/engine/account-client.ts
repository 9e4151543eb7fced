/** The built-in client of the account page. It has no row in the database and needs no consent. */
import type { Client } from '#clients/client.ts'

export const ACCOUNT_CLIENT_ID = 'signet-account'
/** The path below the issuer to which the sign-in for the account page returns. */
export const ACCOUNT_SIGNED_IN_PATH = '/account/signed-in'

/**
 * Returns the client of the account page. It is public, and nobody redeems its code: its purpose is the session that
 * the sign-in leaves in the browser. Its only redirect URI is ours, so codes never reach anybody else.
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
