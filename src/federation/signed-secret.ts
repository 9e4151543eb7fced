/** Client secrets that are JWTs, signed for each request with a key of the administrator, as Apple takes them. */
import { importPKCS8, SignJWT } from 'jose'
import type { ClientAuth } from 'openid-client'
import type { Clock } from '#shared/clock.ts'
import type { Upstream } from './upstream.ts'

/** Apple accepts six months. A minute would do; clocks may differ. */
const LIFETIME_SECONDS = 300

/**
 * Returns the client authentication for the token endpoint: `client_secret_post` with a secret whose `sub` is our client
 * id and whose `aud` is the provider.
 */
export function signedClientSecret(
  { clientId, issuer, presetValues }: Pick<Upstream, 'clientId' | 'issuer' | 'presetValues'>,
  privateKey: string,
  clock: Clock,
): ClientAuth {
  const { team_id: teamId = '', key_id: keyId = '' } = presetValues
  const key = importPKCS8(privateKey, 'ES256')
  // it is awaited by each request, which then fails
  key.catch(() => undefined)

  async function sign(): Promise<string> {
    const now = Math.floor(clock.now().getTime() / 1000)
    return new SignJWT({ iss: teamId, sub: clientId, aud: issuer, iat: now, exp: now + LIFETIME_SECONDS })
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .sign(await key)
  }

  return async (_server, _client, body) => {
    body.set('client_id', clientId)
    body.set('client_secret', await sign())
  }
}
