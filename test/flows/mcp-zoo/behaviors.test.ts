/** What real MCP clients do, right or wrong, and what becomes of it: one test for each behavior that broke a server. */
import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../../support/administrator.ts'
import { type App, createApp } from '../../support/app.ts'
import { DOCUMENT_CALLBACK, documentHost, type DocumentHost } from '../../support/document-host.ts'
import { letTimePass } from '../../support/passed-time.ts'
import { answerOf, person, textOf } from '../../support/person.ts'
import { type Server, startServer } from '../../support/server.ts'

const MCP = 'https://mcp.example.com/mcp'
const OTHER = 'https://other.example.com/mcp'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let host: DocumentHost

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  await admin.resource(MCP, ['mcp:read', 'mcp:write'], { open_scopes: ['mcp:read', 'mcp:write'] })
  await admin.resource(OTHER, ['mcp:read'], { open_scopes: ['mcp:read'] })
})

// each test has a host of its own, since one is asked for so many unknown documents only
beforeEach(async () => {
  host = await documentHost()
})

const someone = () => person(() => server)
const READ = { scope: 'mcp:read', resource: MCP }

function anApp(members: Record<string, unknown> = {}, redirectUri = DOCUMENT_CALLBACK): App {
  const id = host.document({ redirect_uris: [redirectUri], ...members })
  return createApp(server, { id, key: {}, secret: undefined }, redirectUri, true)
}

async function signedIn(app: App, params: Record<string, string> = READ): Promise<Record<string, string>> {
  const { status, body } = await app.redeem(await app.code(someone(), ada, params))
  expect(status).toBe(200)
  return body
}

describe('refresh tokens', () => {
  test('a client that never stores the rotated token is answered again for a minute, and then signs in without consent', async () => {
    const app = anApp()
    const browser = someone()
    const first = await app.redeem(await app.code(browser, ada, READ))
    const sticky = String(first.body['refresh_token'])
    const [one, two] = [await app.refresh(sticky), await app.refresh(sticky)]
    expect(one.body['refresh_token']).toBe(two.body['refresh_token'])
    expect(two.status).toBe(200)
    await letTimePass(server.databaseUrl, 61)
    const late = await app.refresh(sticky)
    expect(late).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await admin.eventOf('token.reused', late.headers)).toBeDefined()
    const page = await browser.visit(app.begin(READ).url)
    expect(textOf(page.html)).toContain('Continue to Inspector')
    expect(answerOf((await browser.submit(page, {})).left as URL)).toHaveProperty('code')
  })

  test('parallel refreshes with one token all succeed with the same successor', async () => {
    const app = anApp()
    const { refresh_token: token } = await signedIn(app)
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.refresh(String(token))))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(1)
  })

  test('a refresh without resource means the granted one', async () => {
    const app = anApp()
    const { refresh_token: token } = await signedIn(app)
    const { body } = await app.refresh(String(token))
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ aud: MCP, scope: 'mcp:read' })
  })

  test('a refresh for a resource that was not granted is refused, and does not burn the token', async () => {
    const app = anApp()
    const { refresh_token: token } = await signedIn(app)
    const wrong = await app.refresh(String(token), { resource: OTHER })
    expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
    expect(await admin.eventOf('token.refused', wrong.headers)).toMatchObject({
      reason: expect.stringMatching(/^invalid_target: /) as string,
    })
    expect((await app.refresh(String(token))).status).toBe(200)
  })

  test('a client that asks for offline_access because discovery lists it gets it without prompt=consent', async () => {
    const { scope, refresh_token: token } = await signedIn(anApp(), { ...READ, scope: 'mcp:read offline_access' })
    expect(token).toBeDefined()
    expect(scope?.split(' ')).toContain('mcp:read')
  })

  test('a client that asks for no offline_access gets a refresh token as well, since the resource is an API', async () => {
    expect(await signedIn(anApp())).toHaveProperty('refresh_token')
  })
})

describe('resources and scopes', () => {
  test.each(['HTTPS://MCP.example.com/mcp', 'https://mcp.example.com:443/mcp', 'https://mcp.example.com/mcp/'])(
    'the resource spelled %s is the registered one',
    async (resource) => {
      const app = anApp()
      const grant = await app.code(someone(), ada, { ...READ, resource })
      const { body } = await app.redeem(grant, { resource })
      expect(decodeJwt(String(body['access_token']))).toMatchObject({ aud: MCP })
      const next = await app.refresh(String(body['refresh_token']), { resource })
      expect(decodeJwt(String(next.body['access_token']))).toMatchObject({ aud: MCP })
    },
  )

  test('a client that names no scope asks for all that is open', async () => {
    const { access_token: token } = await signedIn(anApp(), { scope: '', resource: MCP })
    expect(decodeJwt(String(token))).toMatchObject({ scope: 'mcp:read mcp:write' })
  })

  test('a step-up with the union of scopes asks only for what is new, and loses nothing', async () => {
    const app = anApp()
    const browser = someone()
    await app.redeem(await app.code(browser, ada, READ))
    const { url, verifier } = app.begin({ scope: 'mcp:read mcp:write', resource: MCP })
    const page = await browser.visit(url)
    const boxes = [...page.html.matchAll(/name="scope" value="([^"]*)"/g)].map(([, scope]) => scope)
    expect(boxes).toEqual(['mcp:write'])
    const { left } = await browser.submit(page, {}, { name: 'decision', value: 'allow' })
    const { body } = await app.redeem({ code: String(answerOf(left as URL)['code']), verifier })
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ scope: 'mcp:read mcp:write' })
  })

  test('an error comes back with iss, so that the client can tell servers apart', async () => {
    const { left } = await someone().visit(anApp().begin({ scope: 'mcp:none', resource: MCP }).url)
    expect(answerOf(left as URL)).toMatchObject({ error: 'invalid_scope', iss: server.issuer })
  })
})

describe('client documents', () => {
  test('Claude finds what it looks for before it uses a document: support announced, and none listed', async () => {
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
      const metadata = (await (await server.fetch(path)).json()) as Record<string, unknown>
      expect(metadata).toMatchObject({
        client_id_metadata_document_supported: true,
        token_endpoint_auth_methods_supported: expect.arrayContaining(['none']) as unknown,
        code_challenge_methods_supported: ['S256'],
        scopes_supported: expect.arrayContaining(['offline_access']) as unknown,
        protected_resources: [MCP, OTHER],
      })
    }
  })

  test('Claude Code comes back to any port of localhost, whatever its document says', async () => {
    const id = host.document({ redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'] })
    const app = createApp(server, { id, key: {}, secret: undefined }, 'http://localhost:58123/callback', true)
    expect(await signedIn(app)).toHaveProperty('access_token')
  })

  test('ChatGPT leaves the choice of its method to the server (RP Metadata Choices)', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    const own = { alg: 'ES256', use: 'sig', kid: 'k1' }
    const redirect = 'https://chat.example.com/connector_platform_oauth_redirect'
    const id = host.document({
      redirect_uris: [redirect],
      token_endpoint_auth_method: undefined,
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256'],
      jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), ...own }] },
    })
    const key = { ...(await exportJWK(pair.privateKey)), ...own }
    const app = createApp(server, { id, key, secret: undefined }, redirect)
    expect(await signedIn(app)).toHaveProperty('access_token')
  })

  test('Cursor comes back to a scheme without a dot', async () => {
    const redirect = 'cursor://anysphere.cursor-mcp/oauth/callback'
    expect(await signedIn(anApp({}, redirect))).toHaveProperty('access_token')
  })
})

describe('the MCP Inspector, which runs in a browser', () => {
  const origin = 'http://localhost:6274'

  test.each(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])(
    'reads %s from any origin, also after a preflight',
    async (path) => {
      const headers = {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'mcp-protocol-version',
      }
      const preflight = await server.fetch(path, { method: 'OPTIONS', headers })
      expect(preflight.status).toBe(204)
      expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('mcp-protocol-version')
      const answer = await server.fetch(path, { headers: { origin, 'mcp-protocol-version': '2025-11-25' } })
      expect(answer.headers.get('access-control-allow-origin')).toMatch(/^\*$|^http:\/\/localhost:6274$/)
    },
  )

  test('redeems its code from its own page', async () => {
    const redirect = `${origin}/oauth/callback`
    const app = anApp({}, redirect)
    const { code, verifier } = await app.code(someone(), ada, READ)
    const id = new URL(app.begin().url).searchParams.get('client_id') as string
    const params = {
      grant_type: 'authorization_code',
      client_id: id,
      code,
      code_verifier: verifier,
      redirect_uri: redirect,
    }
    const answer = await server.fetch('/token', {
      method: 'POST',
      body: new URLSearchParams(params),
      headers: { origin },
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
  })
})
