/** What the MCP authorization specification (2025-06-18 to 2026-07-28) asks of the server, a rule each. */
import { decodeJwt } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../../support/administrator.ts'
import { type App, createApp } from '../../support/app.ts'
import { DOCUMENT_CALLBACK, documentHost, type DocumentHost } from '../../support/document-host.ts'
import { answerOf, person, textOf } from '../../support/person.ts'
import { register } from '../../support/registration.ts'
import { type Server, startServer } from '../../support/server.ts'

const MCP = 'https://mcp.example.com/mcp'
const READ = { scope: 'mcp:read', resource: MCP }
const WEB_CALLBACK = 'https://app.example.com/cb'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let host: DocumentHost

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
  await admin.resource(MCP, ['mcp:read', 'mcp:write'], { open_scopes: ['mcp:read', 'mcp:write'] })
})

// each test has a host of its own, since one is asked for so many unknown documents only
beforeEach(async () => {
  host = await documentHost()
})

const someone = () => person(() => server)

function documented(members: Record<string, unknown> = {}): App {
  return createApp(server, { id: host.document(members), key: {}, secret: undefined }, DOCUMENT_CALLBACK, true)
}

async function registered(members: Record<string, unknown>, comesBackTo?: string): Promise<App> {
  const metadata = { client_name: 'Tool', redirect_uris: ['http://127.0.0.1/cb'], ...members }
  const { status, body } = await register(server, { token_endpoint_auth_method: 'none', ...metadata })
  expect(status, JSON.stringify(body)).toBe(201)
  const client = { id: String(body['client_id']), key: {}, secret: undefined }
  return createApp(server, client, comesBackTo ?? String(metadata.redirect_uris[0]), true)
}

/** Asks for an authorization that is refused without asking anybody; the answer and the audit event say why. */
async function refusedAtTheApp(app: App, params: Record<string, string>, error: string, why: RegExp) {
  const { left, headers } = await someone().visit(app.begin(params).url)
  // the implicit grant is answered in the fragment
  expect(Object.fromEntries(new URLSearchParams(left?.search || left?.hash.slice(1)))).toMatchObject({
    error,
    error_description: expect.stringMatching(why) as string,
    iss: server.issuer,
  })
  expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
    reason: expect.stringMatching(new RegExp(`^${error}: `)) as string,
  })
}

describe('OAuth 2.1', () => {
  test.each<[string, Record<string, string>, string, RegExp]>([
    ['a request without PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request', /PKCE/],
    [
      'PKCE with the challenge in plain',
      { code_challenge_method: 'plain' },
      'invalid_request',
      /code_challenge_method/,
    ],
    ['the implicit grant', { response_type: 'token' }, 'unsupported_response_type', /response_type/],
  ])('%s is refused', async (_what, params, error, why) => {
    await refusedAtTheApp(documented(), { ...READ, ...params }, error, why)
  })

  test('the password grant is refused', async () => {
    const { status, body, headers } = await documented().token({
      grant_type: 'password',
      username: ada.email,
      password: ada.password,
    })
    expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'unsupported_grant_type' })
    expect(await admin.eventOf('token.refused', headers)).toMatchObject({ outcome: 'failure' })
  })

  test('access tokens live for minutes, and the refresh token rotates', async () => {
    const app = documented()
    const { body } = await app.redeem(await app.code(someone(), ada, READ))
    expect(body['expires_in']).toBeLessThanOrEqual(900)
    const next = await app.refresh(String(body['refresh_token']))
    expect(next.body['refresh_token']).not.toBe(body['refresh_token'])
  })

  test('the person is sent back to a registered address only', async () => {
    for (const elsewhere of [`${WEB_CALLBACK}/more`, 'https://app.example.com/cb?x=1', 'https://evil.example/cb']) {
      const app = await registered({ redirect_uris: [WEB_CALLBACK] }, elsewhere)
      const { status, left, html, headers } = await someone().visit(app.begin(READ).url)
      expect({ status, left }).toEqual({ status: 400, left: undefined })
      expect(textOf(html)).toContain('redirect_uri')
      expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
        reason: expect.stringMatching(/^invalid_redirect_uri: |^invalid_request: /) as string,
      })
    }
  })

  test('an answer says whose it is', async () => {
    const answer = answerOf(await someone().authorize(documented().begin(READ).url, ada))
    expect(answer).toMatchObject({ code: expect.any(String) as string, iss: server.issuer })
  })
})

describe('the token', () => {
  test('is for the resource of the authorization, also when the token request names none', async () => {
    const app = documented()
    const { body } = await app.redeem(await app.code(someone(), ada, READ))
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ aud: MCP, scope: 'mcp:read' })
  })

  test('is worth nothing at this server itself', async () => {
    const app = documented()
    const { body } = await app.redeem(await app.code(someone(), ada, READ))
    const headers = { authorization: `Bearer ${body['access_token']}` }
    const userinfo = await server.fetch('/userinfo', { headers })
    expect([userinfo.status, ((await userinfo.json()) as Record<string, string>)['error']]).toEqual([
      401,
      'invalid_token',
    ])
    expect(await admin.eventOf('endpoint.refused', userinfo.headers)).toMatchObject({ outcome: 'failure' })
    expect((await server.fetch('/admin/v1/clients', { headers })).status).toBe(401)
  })

  test.each(['none', 'client_secret_basic', 'client_secret_post'])(
    'can be refreshed by a client that registered itself with refresh_token and %s, without offline_access',
    async (method) => {
      const { body: client } = await register(server, {
        client_name: `Keeper by ${method}`,
        redirect_uris: [WEB_CALLBACK],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: method,
      })
      const { client_id: id, client_secret: secret } = client as { client_id: string; client_secret?: string }
      const app = createApp(server, { id, key: {}, secret: undefined }, WEB_CALLBACK, true)
      const proof: Record<string, string> = secret === undefined ? {} : { client_secret: secret }
      const redeemed = await app.redeem(await app.code(someone(), ada, READ), proof)
      expect(redeemed.status, JSON.stringify(redeemed.body)).toBe(200)
      expect((await app.refresh(String(redeemed.body['refresh_token']), proof)).status).toBe(200)
    },
  )

  test('cannot be refreshed by a client that registered no refresh_token', async () => {
    const app = await registered({ redirect_uris: [WEB_CALLBACK], grant_types: ['authorization_code'] })
    const { body } = await app.redeem(await app.code(someone(), ada, READ))
    expect(body).toHaveProperty('access_token')
    expect(body).not.toHaveProperty('refresh_token')
  })
})

describe('client documents', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['names another client', { client_id: 'https://other.example.com/client.json' }, /client_id is /],
    ['has no name', { client_name: undefined }, /client_name is nothing/],
    ['has no redirect URI', { redirect_uris: undefined }, /redirect_uris is \[\]/],
    [
      'has a redirect URI that is neither https nor loopback',
      { redirect_uris: ['http://app.example.com/cb'] },
      /https/,
    ],
  ])('one that %s is refused with what is wrong', async (_what, members, why) => {
    const { status, left, html, headers } = await someone().visit(documented(members).begin(READ).url)
    expect({ status, left }).toEqual({ status: 400, left: undefined })
    expect(textOf(html)).toMatch(why)
    expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
      reason: expect.stringMatching(why) as string,
    })
  })
})

describe('registration', () => {
  test('a client says by application_type what it is, and a native one comes back to any loopback port', async () => {
    const anyPort = 'http://127.0.0.1:58123/cb'
    const native = await registered({ application_type: 'native' }, anyPort)
    expect((await native.redeem(await native.code(someone(), ada, READ))).status).toBe(200)
    const web = await registered({ application_type: 'web', redirect_uris: ['http://127.0.0.1:4000/cb'] }, anyPort)
    const { status, left } = await someone().visit(web.begin(READ).url)
    expect({ status, left }).toEqual({ status: 400, left: undefined })
  })

  test('the scopes of a registration do not limit what it asks for later', async () => {
    const app = await registered({ client_name: 'Small', scope: 'openid' })
    const { body } = await app.redeem(await app.code(someone(), ada, { ...READ, scope: 'mcp:read mcp:write' }))
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ scope: 'mcp:read mcp:write' })
  })

  test('a redirect URI is https or loopback', async () => {
    const { status, body, headers } = await register(server, { redirect_uris: ['http://app.example.com/cb'] })
    expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'invalid_redirect_uri' })
    expect(body['error_description']).toMatch(/https; plain http only on localhost/)
    expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({ outcome: 'failure' })
  })

  test('the id of another server is told apart: invalid_client, and a page for the person', async () => {
    const app = createApp(server, { id: 'reg-elsewhere', key: {}, secret: undefined }, WEB_CALLBACK, true)
    const { status, body, headers } = await app.refresh('x')
    expect({ status, error: body['error'] }).toEqual({ status: 401, error: 'invalid_client' })
    expect(await admin.eventOf('token.refused', headers)).toMatchObject({
      detail: { claimed_client_id: 'reg-elsewhere' },
    })
    expect(await someone().visit(app.begin(READ).url)).toMatchObject({ status: 400, left: undefined })
  })

  test('a client of 2025-03-26 that reads no metadata finds the endpoints at their default paths', async () => {
    const answers = await Promise.all([
      server.fetch('/authorize', { redirect: 'manual' }),
      server.fetch('/token', { method: 'POST' }),
      server.fetch('/register', { method: 'POST' }),
    ])
    expect(answers.map(({ status }) => status)).not.toContain(404)
  })
})

describe('consent', () => {
  const consentOf = async (app: App) => {
    const browser = someone()
    const page = await browser.visit(app.begin(READ).url)
    return textOf((await browser.submit(page, { identifier: ada.email, password: ada.password })).html)
  }

  test('names the host that the person is sent to', async () => {
    const text = await consentOf(await registered({ client_name: 'Web tool', redirect_uris: [WEB_CALLBACK] }))
    expect(text).toContain('Web tool at app.example.com')
    expect(text).not.toContain('This app runs on your own device.')
  })

  test('warns of an app that only comes back to this device', async () => {
    const text = await consentOf(documented())
    expect(text).toContain(`Inspector at ${new URL(DOCUMENT_CALLBACK).host}`)
    expect(text).toContain(`describes itself at ${new URL(host.origin).host}`)
    expect(text).toContain('This app runs on your own device. Go on only if you started it.')
  })
})

test.each([
  ['described itself', () => Promise.resolve(documented())],
  ['registered itself', () => registered({ client_name: 'Silent' })],
])('a client that %s gets no code without a click, though consent is remembered', async (_how, anApp) => {
  const app = await anApp()
  const browser = someone()
  await app.code(browser, ada, READ)
  expect((await browser.visit(app.begin(READ).url)).left).toBeUndefined()
  const silent = await browser.visit(app.begin({ ...READ, prompt: 'none' }).url)
  expect(answerOf(silent.left as URL)).toMatchObject({ error: 'consent_required', iss: server.issuer })
  expect(await admin.eventOf('authorization.refused', silent.headers)).toMatchObject({ outcome: 'failure' })
})
