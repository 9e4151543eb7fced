/** Authenticates an API at the issuer, as the client that asks about tokens. */
import { randomUUID } from 'node:crypto'
import { importJWK, type JWK, SignJWT } from 'jose'

/** The client that the API is registered as: its id, with a secret or a private key. */
export interface ApiClient {
  readonly clientId: string
  /** Sent by `client_secret_basic`. */
  readonly clientSecret?: string
  /** A private JWK with `alg`, as `--generate-key` writes it, for `private_key_jwt`. */
  readonly privateKey?: JWK
}

export interface Authentication {
  readonly headers: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const ASSERTION_LIFETIME_SECONDS = 60

/** Returns a function that creates the authentication for one request. Throws TypeError for an invalid option. */
export function createClientAuthentication(
  { clientId, clientSecret, privateKey }: ApiClient,
  issuer: string,
  now: () => Date,
): () => Promise<Authentication> {
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('introspection needs the option clientId')
  if (privateKey !== undefined && clientSecret === undefined) return signing(clientId, privateKey, issuer, now)
  if (clientSecret === undefined || clientSecret === '' || privateKey !== undefined) {
    throw new TypeError('introspection needs one of the options clientSecret and privateKey')
  }
  // RFC 6749 §2.3.1: both are form-encoded before they are joined.
  const pair = [clientId, clientSecret].map((value) => new URLSearchParams({ value }).toString().slice('value='.length))
  const authorization = `Basic ${Buffer.from(pair.join(':')).toString('base64')}`
  return async () => ({ headers: { authorization }, parameters: {} })
}

/** RFC 7523 §3: an assertion for the issuer alone, used once. */
function signing(clientId: string, jwk: JWK, issuer: string, now: () => Date): () => Promise<Authentication> {
  const { alg, kid } = jwk
  if (alg === undefined || jwk.d === undefined) {
    throw new TypeError('the option introspection.privateKey must be a private JWK with its alg')
  }
  const key = importJWK(jwk, alg)
  key.catch(() => undefined)
  return async () => {
    const at = Math.floor(now().getTime() / 1000)
    const assertion = new SignJWT({
      iss: clientId,
      sub: clientId,
      aud: issuer,
      jti: randomUUID(),
      iat: at,
      exp: at + ASSERTION_LIFETIME_SECONDS,
    }).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    const parameters = {
      client_id: clientId,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await assertion.sign(await key),
    }
    return { headers: {}, parameters }
  }
}
