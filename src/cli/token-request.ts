/**
 * Gets an access token with the client credentials grant and a signed client assertion, as every machine client does.
 */
import { randomUUID } from 'node:crypto'
import { importJWK, SignJWT } from 'jose'
import { CliFailure } from './failure.ts'
import { fetchJson } from './fetch-json.ts'
import type { PrivateJwk } from './key-file.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const ASSERTION_LIFETIME_SECONDS = 60

export interface TokenRequest {
  readonly issuer: string
  readonly clientId: string
  readonly key: PrivateJwk
  readonly resource?: string | undefined
  /** Space-separated; undefined for the client's registered scopes. */
  readonly scope?: string | undefined
}

/** The token response (RFC 6749 §5.1). */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly scope?: string
}

/** Requests a token. Throws CliFailure with the server's message when it is refused. */
export async function requestToken(request: TokenRequest): Promise<TokenResponse> {
  const endpoint = await discoverTokenEndpoint(request.issuer)
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: request.clientId,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await signAssertion(request),
  })
  if (request.resource !== undefined) form.set('resource', request.resource)
  if (request.scope !== undefined) form.set('scope', request.scope)
  const { status, body } = await fetchJson(request.issuer, endpoint, { method: 'POST', body: form })
  if (status === 200 && typeof body?.access_token === 'string') return body as unknown as TokenResponse
  throw tokenRefused(status, body, request.clientId)
}

function tokenRefused(status: number, body: Record<string, unknown> | undefined, clientId: string): CliFailure {
  const code = typeof body?.error === 'string' ? body.error : 'token_refused'
  const description =
    typeof body?.error_description === 'string' ? body.error_description : `the server answered ${status}`
  return new CliFailure(`The client ${clientId} got no token: ${description} (${code}).`, { code })
}

// OpenID Connect Discovery §4.3: the issuer in the document must be identical to the one in use.
async function discoverTokenEndpoint(issuer: string): Promise<string> {
  const { status, body } = await fetchJson(issuer, `${issuer}/.well-known/openid-configuration`)
  if (status !== 200 || typeof body?.token_endpoint !== 'string') {
    const description = typeof body?.error_description === 'string' ? body.error_description : `it answered ${status}`
    throw new CliFailure(`No discovery document could be read at ${issuer}: ${description}`, {
      code: 'discovery_failed',
    })
  }
  if (body.issuer !== issuer) {
    throw new CliFailure(`The server at ${issuer} calls itself ${String(body.issuer)}: use --issuer with that URL.`, {
      code: 'issuer_mismatch',
    })
  }
  return body.token_endpoint
}

// RFC 7523 §3, with the issuer as the only audience.
async function signAssertion({ clientId, issuer, key }: TokenRequest): Promise<string> {
  const alg = assertionAlg(key)
  const now = Math.floor(Date.now() / 1000)
  try {
    return await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg, ...(key.kid === undefined ? {} : { kid: key.kid }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_LIFETIME_SECONDS)
      .sign(await importJWK(key, alg))
  } catch (cause) {
    throw new CliFailure('The key cannot sign: it should be a private JWK for ES256, PS256, RS256 or EdDSA.', {
      code: 'key_file_invalid',
      cause,
    })
  }
}

function assertionAlg(key: PrivateJwk): string {
  if (key.alg) return key.alg
  if (key.kty === 'RSA') return 'RS256'
  return key.kty === 'OKP' ? 'EdDSA' : 'ES256'
}
