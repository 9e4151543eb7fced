/** Signs client assertions (RFC 7523). They are valid by default; a test changes what it is about. */
import { randomUUID } from 'node:crypto'
import { importJWK, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'

export interface AssertionInput {
  readonly issuer: string
  readonly clientId: string
  readonly key: JWK
  /** Replaces claims; undefined removes one. */
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

/** Returns the parameters of a token request that authenticate a client with a key. */
export async function assertionParams(input: AssertionInput): Promise<Record<string, string>> {
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: await signAssertion(input) }
}
