/** A grant is one folder and one row: the shared steps hold it to what its client was allowed. */
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { GRANTS } from '#oidc/grants/registry.ts'
import { administrator, type Administrator, type RegisteredClient } from '../../support/administrator.ts'
import { assertionParams } from '../../support/assertion.ts'
import { ECHO } from '../../support/echo-grant/grant.ts'
import { type Server, startServer } from '../../support/server.ts'

const API = 'https://api.example.com'
const OTHER = 'https://other.example.com'
let server: Server
let admin: Administrator
let machine: RegisteredClient
let without: RegisteredClient

beforeAll(async () => {
  server = await startServer({ overrides: { grants: [...GRANTS, ECHO] } })
  admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  await admin.resource(OTHER, ['posts:read'])
  const allowed = { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
  machine = await admin.client('machine', { ...allowed, grant_types: ['client_credentials', ECHO.grantType] })
  without = await admin.client('machine', allowed)
})

async function ask(
  params: Record<string, string>,
  client = machine,
): Promise<{ status: number; body: Record<string, string> }> {
  const own = await assertionParams({ issuer: server.issuer, clientId: client.id, key: client.key })
  const response = await server.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({ grant_type: ECHO.grantType, message: 'hello', ...own, ...params }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

interface Refused {
  readonly error: string
  readonly description: string
  readonly parameters?: Record<string, string>
}

async function isRefused(
  { status, body }: Awaited<ReturnType<typeof ask>>,
  { error, description, parameters = { message: 'hello' } }: Refused,
  client = machine,
): Promise<void> {
  expect(body).toMatchObject({ error, error_description: description })
  expect(body).not.toHaveProperty('access_token')
  expect(status).toBe(400)
  const [event] = await admin.audit('token.refused')
  expect(event).toMatchObject({
    outcome: 'failure',
    actor: { kind: 'client', id: client.id },
    reason: `${error}: ${description}`,
    detail: { grant_type: ECHO.grantType, error, ...(Object.keys(parameters).length > 0 ? { parameters } : {}) },
  })
}

test('a client that has it gets a token for its resource, and no more scope than it was allowed', async () => {
  const { status, body } = await ask({})
  expect(body).toMatchObject({ token_type: 'Bearer', scope: 'posts:read' })
  expect(body).not.toHaveProperty('refresh_token')
  expect(status).toBe(200)
  expect(decodeJwt(body['access_token'] as string)).toMatchObject({
    aud: API,
    sub: machine.id,
    client_id: machine.id,
    scope: 'posts:read',
    status: { status_list: { idx: expect.any(Number) as number } },
  })
  const [event] = await admin.audit('token.issued')
  expect(event).toMatchObject({
    outcome: 'success',
    actor: { kind: 'client', id: machine.id },
    detail: { grant_type: ECHO.grantType, resource: API, scope: 'posts:read', parameters: { message: 'hello' } },
  })
})

describe('is refused', () => {
  test('a resource that the client may not have', async () => {
    const description = `this client may not ask for tokens for ${OTHER}`
    await isRefused(await ask({ resource: OTHER }), { error: 'invalid_target', description })
  })

  test('a scope that the client may not have', async () => {
    const description = 'the scope posts:write is refused: this client may not ask for it'
    await isRefused(await ask({ scope: 'posts:read posts:write' }), { error: 'invalid_scope', description })
  })

  test('a client without the grant', async () => {
    const description = `this client may not use the grant type ${ECHO.grantType}; it has: client_credentials`
    await isRefused(await ask({}, without), { error: 'unauthorized_client', description }, without)
  })

  test('what the grant itself does not agree to', async () => {
    const description = `${machine.id} was told no`
    await isRefused(await ask({ message: 'no' }), {
      error: 'invalid_grant',
      description,
      parameters: { message: 'no' },
    })
  })

  test('a request without its parameter', async () => {
    await isRefused(await ask({ message: '' }), {
      error: 'invalid_request',
      description: 'message is required',
      parameters: {},
    })
  })

  test('a client assertion that was used before', async () => {
    const own = await assertionParams({ issuer: server.issuer, clientId: machine.id, key: machine.key })
    expect((await ask(own)).status).toBe(200)
    const again = await ask(own)
    expect(again.body['error']).toBe('invalid_client')
    expect(again.status).toBe(401)
  })
})

test('another grant does not get its parameters', async () => {
  const { status } = await ask({ grant_type: 'client_credentials' })
  expect(status).toBe(200)
  const [event] = await admin.audit('token.issued')
  expect(event?.['detail']).not.toHaveProperty('parameters')
})

test('only the profiles of its row may have it', async () => {
  const answer = await admin.ask('POST', '/clients', {
    body: {
      signet_profile: 'spa',
      client_name: 'x',
      redirect_uris: ['https://app.example.com/cb'],
      grant_types: ['authorization_code', ECHO.grantType],
    },
  })
  expect(answer.status).toBe(400)
  expect(JSON.stringify(answer.body)).toContain('for spa authorization_code and, as wanted, refresh_token')
})

test('it is advertised, and counted under its label', async () => {
  const discovery = (await (await server.fetch('/.well-known/openid-configuration')).json()) as Record<string, unknown>
  expect(discovery['grant_types_supported']).toContain(ECHO.grantType)
  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text()
  expect(metrics).toMatch(/signet_tokens_issued_total\{[^}]*grant_type="echo"[^}]*\} [1-9]/)
})
