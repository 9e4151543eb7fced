/** A machine gets an access token by a signed assertion (RFC 6749 §4.4, RFC 7523, RFC 8707, RFC 9068). */
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, type RegisteredClient } from '../support/administrator.ts'
import { assertionParams } from '../support/assertion.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
let server: Server
let admin: Administrator
let machine: RegisteredClient

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  machine = await admin.client('machine', { signet_allow: [{ resource: API, scopes: ['posts:read'] }] })
})

async function ask(
  params: Record<string, string>,
  client = machine,
): Promise<{ status: number; body: Record<string, string>; headers: Headers }> {
  const response = await server.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(await assertionParams({ issuer: server.issuer, clientId: client.id, key: client.key })),
      ...params,
    }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string>, headers: response.headers }
}

test('gives a machine an RFC 9068 access token for its resource', async () => {
  const { status, body, headers } = await ask({ resource: API, scope: 'posts:read' })
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'posts:read' })
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  const token = body['access_token'] as string
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${server.issuer}/jwks`)))
  expect(payload).toMatchObject({
    iss: server.issuer,
    aud: API,
    sub: machine.id,
    client_id: machine.id,
    scope: 'posts:read',
  })
  expect(payload.jti).toBeTypeOf('string')
  expect(payload.exp).toBe((payload.iat as number) + 300)
})

test('means the registered scopes and the only resource when a request names none', async () => {
  const { body } = await ask({})
  expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: API, scope: 'posts:read' })
})

test('puts the registered spelling of the resource into the token, whatever the request wrote', async () => {
  const { body } = await ask({ resource: 'HTTPS://API.example.com/' })
  expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: API })
})

test('refuses a scope that the client may not have, and names it', async () => {
  const { status, body } = await ask({ resource: API, scope: 'posts:read posts:write' })
  expect(status).toBe(400)
  expect(body).toMatchObject({
    error: 'invalid_scope',
    scope: 'posts:write',
    error_description: 'the scope posts:write is refused: this client may not ask for it',
  })
})

test('refuses a resource that is not registered', async () => {
  const { status, body } = await ask({ resource: 'https://other.example.com' })
  expect(status).toBe(400)
  expect(body).toEqual({
    error: 'invalid_target',
    error_description: 'the resource https://other.example.com is not registered here',
  })
})

test('refuses a grant type that the client does not have with unauthorized_client', async () => {
  const { status, body } = await ask({ grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://a.example' })
  expect(status).toBe(400)
  expect(body).toEqual({
    error: 'unauthorized_client',
    error_description: 'this client may not use the grant type authorization_code; it has: client_credentials',
  })
})

test('records each issued and each refused token', async () => {
  const issued = (await admin.audit('token.issued')).find((event) => event['client_id'] === machine.id)
  expect(issued).toMatchObject({ outcome: 'success', actor: { kind: 'client', id: machine.id } })
  const refused = (await admin.audit('token.refused')).filter((event) => event['client_id'] === machine.id)
  expect(refused.map((event) => (event['detail'] as { error: string }).error)).toEqual(
    expect.arrayContaining(['invalid_scope', 'invalid_target', 'unauthorized_client']),
  )
})
