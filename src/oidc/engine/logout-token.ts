/** Makes logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4). */
import type Provider from 'oidc-provider'
import type { Client } from 'oidc-provider'

export interface LogoutTokenClaims {
  readonly accountId: string
  readonly jti: string
  /** The session that ended. Absent: all sessions of the person at the client. */
  readonly sid?: string
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * Returns a logout token for the client. The engine signs it with the current key and encrypts it as the client's ID
 * tokens; its `sub` is that of those ID tokens too. It expires after two minutes, which §2.4 recommends at most.
 */
export function logoutToken(provider: Provider, client: Client, claims: LogoutTokenClaims): Promise<string> {
  const token = new provider.IdToken({ sub: claims.accountId }, { client, ctx: undefined })
  // without a mask, the engine leaves out the subject
  Object.assign(token, { mask: { sub: null } })
  token.set('events', { [EVENT]: {} })
  token.set('jti', claims.jti)
  if (claims.sid !== undefined) token.set('sid', claims.sid)
  return token.issue({ use: 'logout' })
}
