/** What real MCP clients do when they register themselves: one test for each behavior that broke a server. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../../support/administrator.ts'
import { type App, createApp } from '../../support/app.ts'
import { person } from '../../support/person.ts'
import { register, registrationRequest } from '../../support/registration.ts'
import { type Server, startServer } from '../../support/server.ts'

const MCP = 'https://mcp.example.com/mcp'
const ada = { email: 'ada@example.com', password: PASSWORD }
const READ = { scope: 'mcp:read', resource: MCP }
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
  await admin.resource(MCP, ['mcp:read', 'mcp:write'], { open_scopes: ['mcp:read'] })
})

function metadata(redirectUri: string): Record<string, unknown> {
  const grants = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }
  return { client_name: 'Tool', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none', ...grants }
}

async function registered(redirectUri: string, more: Record<string, unknown> = {}): Promise<App & { id: string }> {
  const { status, body } = await register(server, { ...metadata(redirectUri), ...more })
  expect(status).toBe(201)
  const id = String(body['client_id'])
  return { ...createApp(server, { id, key: {}, secret: undefined }, redirectUri, true), id }
}

const tokensOf = async (app: App) =>
  app.redeem(
    await app.code(
      person(() => server),
      ada,
      READ,
    ),
  )

test('a client that registered no scope gets what is open when it asks', async () => {
  const { status, body } = await tokensOf(await registered('http://127.0.0.1:4100/cb'))
  expect(status).toBe(200)
  expect(decodeJwt(String(body['access_token']))).toMatchObject({ aud: MCP, scope: 'mcp:read' })
})

test('a client that sends members that nobody knows is registered without them', async () => {
  const more = { resource: MCP, unheard_of: { a: 1 }, software_id: 'tool' }
  const { body } = await register(server, { ...metadata('http://127.0.0.1:4200/cb2'), ...more })
  expect(body).toMatchObject({ software_id: 'tool' })
  expect(body).not.toHaveProperty('unheard_of')
})

test('a client that registers anew for each loopback port is one client, and comes back to any port', async () => {
  const [one, two] = [await registered('http://127.0.0.1:4301/many'), await registered('http://127.0.0.1:4302/many')]
  expect(two.id).toBe(one.id)
  expect((await tokensOf(two)).status).toBe(200)
})

test('a client that was deleted here learns it by invalid_client, so that it registers again', async () => {
  const app = await registered('http://127.0.0.1:4400/gone', { client_name: 'Gone' })
  const { body } = await tokensOf(app)
  await admin.call('DELETE', `/clients/${app.id}`)
  const refused = await app.refresh(String(body['refresh_token']))
  expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  expect(await admin.eventOf('token.refused', refused.headers)).toMatchObject({ outcome: 'failure' })
})

test('the MCP Inspector registers from its own page', async () => {
  const origin = 'http://localhost:6274'
  const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
  const preflight = await server.fetch('/register', { method: 'OPTIONS', headers })
  expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('content-type')
  const answer = await registrationRequest(server, 'POST', undefined, {
    metadata: metadata(`${origin}/oauth/callback`),
    headers: { origin },
  })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('access-control-allow-origin')).toMatch(/^\*$|^http:\/\/localhost:6274$/)
})
