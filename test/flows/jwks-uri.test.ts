/** A client whose keys are at its own address (RFC 7591 §2 `jwks_uri`): how they are fetched and believed. */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, type RegisteredClient } from '../support/administrator.ts'
import { assertionParams } from '../support/assertion.ts'
import { type KeysHost, keysHost } from '../support/keys-host.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
})

async function aKey(kid: string): Promise<{ privateJwk: JWK; publicJwk: JWK }> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const also = { alg: 'ES256', use: 'sig', kid }
  return {
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...also },
    publicJwk: { ...(await exportJWK(pair.publicKey)), ...also },
  }
}

async function machineAt(host: KeysHost): Promise<RegisteredClient> {
  return admin.client('machine', { jwks_uri: host.url, signet_allow: [{ resource: API, scopes: ['posts:read'] }] })
}

async function token(
  client: RegisteredClient,
  key: JWK,
  node = server,
): Promise<{ status: number; body: Record<string, string> }> {
  const params = await assertionParams({ issuer: node.issuer, clientId: client.id, key })
  const response = await node.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', ...params }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

test('asks for a key it does not know at once, and for more unknown ones at most once in a while', async () => {
  const [first, second, unknown] = [await aKey('one'), await aKey('two'), await aKey('three')]
  const host = await keysHost([first.publicJwk])
  host.answer.headers = { 'cache-control': 'max-age=31536000' }
  const client = await machineAt(host)
  expect((await token(client, first.privateJwk)).status).toBe(200)
  expect((await token(client, first.privateJwk)).status).toBe(200)
  expect(host.asked).toBe(1)
  host.answer.keys = [first.publicJwk, second.publicJwk]
  expect((await token(client, second.privateJwk)).status).toBe(200)
  expect(host.asked).toBe(2)
  for (let tries = 0; tries < 10; tries++) expect((await token(client, unknown.privateJwk)).status).toBe(401)
  expect(host.asked).toBe(2)
})

test('goes on with the last good keys while their host is down', async () => {
  const [first, second] = [await aKey('one'), await aKey('two')]
  const host = await keysHost([first.publicJwk])
  const client = await machineAt(host)
  expect((await token(client, first.privateJwk)).status).toBe(200)
  host.answer.status = 500
  // the unknown key makes it ask; the known one still works
  expect((await token(client, second.privateJwk)).status).toBe(401)
  expect(host.asked).toBe(2)
  expect((await token(client, first.privateJwk)).status).toBe(200)
})

test.each([
  ['a redirect', 302, { location: 'http://127.0.0.1:1/' }],
  ['an error', 500, {}],
])('takes no keys from %s, and the client is not told more than that it failed', async (_name, status, headers) => {
  const key = await aKey('one')
  const host = await keysHost([key.publicJwk])
  host.answer = { status, keys: [key.publicJwk], headers }
  const client = await machineAt(host)
  expect(await token(client, key.privateJwk)).toEqual({
    status: 401,
    body: { error: 'invalid_client', error_description: 'client authentication failed' },
  })
})

test('reaches no private address that is not allowed', async () => {
  const key = await aKey('one')
  const host = await keysHost([key.publicJwk])
  const client = await machineAt(host)
  const guarded = await startServer({
    databaseUrl: server.databaseUrl,
    keysDir: server.keysDir,
    env: { SIGNET_ISSUER: server.issuer, SIGNET_FETCH_ALLOW: '10.0.0.0/8' },
  })
  expect((await token(client, key.privateJwk, guarded)).status).toBe(401)
  expect(host.asked).toBe(0)
  const [event] = await admin.audit('token.refused')
  expect(event?.['reason']).toContain('private address')
  expect((await token(client, key.privateJwk)).status).toBe(200)
})
