/** Signed client assertions (RFC 7523), right by default; a test bends the one thing it is about. */
import { randomUUID } from 'node:crypto'
import { importJWK, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'

export interface AssertionInput {
  readonly issuer: string
  readonly clientId: string
  readonly key: JWK
  /** Replace claims; undefined takes one away. */
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
}

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export async function signAssertion({ issuer, clientId, key, claims, header }: AssertionInput): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const payload = {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    ...claims,
  }
  const protectedHeader = { alg: key.alg, kid: key.kid, ...header } as JWTHeaderParameters
  return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(await importJWK(key, protectedHeader.alg))
}

/** The members of a token request by which a client with a key authenticates. */
export async function assertionParams(input: AssertionInput): Promise<Record<string, string>> {
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: await signAssertion(input) }
}
