/** Signs request objects (RFC 9101). They are valid by default; a test changes what it is about. */
import { randomUUID } from 'node:crypto'
import { importJWK, type JWTHeaderParameters, SignJWT } from 'jose'
import type { RegisteredClient } from './administrator.ts'

export interface RequestObjectInput {
  readonly issuer: string
  readonly client: RegisteredClient
  /** The parameters of the authorization request. */
  readonly params: Record<string, unknown>
  /** Replaces claims; undefined removes one. */
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
}

export async function signRequestObject(input: RequestObjectInput): Promise<string> {
  const { issuer, client, params, claims, header } = input
  const now = Math.floor(Date.now() / 1000)
  const payload = {
    ...params,
    client_id: client.id,
    iss: client.id,
    aud: issuer,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: randomUUID(),
    ...claims,
  }
  const { key } = client
  const protectedHeader = { alg: key.alg, kid: key.kid, typ: 'oauth-authz-req+jwt', ...header } as JWTHeaderParameters
  return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(await importJWK(key, key.alg))
}
