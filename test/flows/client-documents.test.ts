/** Apps that name themselves by the URL of a document (draft-ietf-oauth-client-id-metadata-document), from end to end. */
import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { DOCUMENT_CALLBACK, documentHost, type DocumentHost } from '../support/document-host.ts'
import { keysHost } from '../support/keys-host.ts'
import { answerOf, person, textOf } from '../support/person.ts'
import { type Server, startServers } from '../support/server.ts'

const MCP = 'https://mcp.example.com/mcp'
const CLOSED = 'https://closed.example.com'
const ada = { email: 'ada@example.com', password: PASSWORD }
const ALLOW = { name: 'decision', value: 'allow' }
const WANTED = { scope: 'openid offline_access mcp:tools', resource: MCP }
let ahead = 0
const overrides = { clock: { now: () => new Date(Date.now() + ahead) } }
let server: Server
let other: Server
let admin: Administrator
let host: DocumentHost

beforeAll(async () => {
  ;[server, other] = (await startServers(2, { overrides })) as [Server, Server]
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  await admin.resource(CLOSED, ['x'])
})

// each test has a host of its own, since one is asked for so many unknown documents only
beforeEach(async () => {
  host = await documentHost()
})

const someone = () => person(() => server)
const discovery = async () => (await (await server.fetch('/.well-known/openid-configuration')).json()) as object

function anApp(id = host.document(), redirectUri = DOCUMENT_CALLBACK): App {
  return createApp(server, { id, key: {}, secret: undefined }, redirectUri, true)
}

async function refusal(app: App, params: Record<string, string> = WANTED) {
  const visit = await someone().visit(app.begin(params).url)
  return { status: visit.status, text: textOf(visit.html), left: visit.left, headers: visit.headers }
}

describe('before any resource is open', () => {
  test('no document is accepted, and discovery announces none', async () => {
    expect(await discovery()).not.toHaveProperty('client_id_metadata_document_supported')
    expect(await discovery()).not.toHaveProperty('protected_resources')
    const id = host.document()
    const { status, text, headers } = await refusal(anApp(id))
    expect(status).toBe(400)
    expect(text).toContain('this server accepts no client documents')
    expect(host.asked(id)).toHaveLength(0)
    const event = await admin.eventOf('authorization.refused', headers)
    expect(event).toMatchObject({
      reason: 'invalid_client: this server accepts no client documents',
      detail: { claimed_client_id: id },
    })
  })
})

describe('with an open resource', () => {
  beforeAll(async () => {
    await admin.resource(MCP, ['mcp:tools', 'mcp:admin'], { open_scopes: ['mcp:tools'] })
  })

  test('discovery announces documents, the resource, and public clients', async () => {
    expect(await discovery()).toMatchObject({
      client_id_metadata_document_supported: true,
      protected_resources: [MCP],
      token_endpoint_auth_methods_supported: expect.arrayContaining(['none', 'private_key_jwt']) as string[],
      scopes_supported: expect.arrayContaining(['offline_access']) as string[],
      authorization_response_iss_parameter_supported: true,
    })
  })

  test('an unknown app is asked about, told where it leads, and gets tokens that it can refresh', async () => {
    const id = host.document({ redirect_uris: ['http://127.0.0.1/cb'], policy_uri: 'https://a.example/privacy' })
    const app = anApp(id, 'http://127.0.0.1:49321/cb')
    const { url, verifier } = app.begin(WANTED)
    const browser = someone()
    const page = await browser.submit(await browser.visit(url), { identifier: ada.email, password: ada.password })
    const text = textOf(page.html)
    expect(text).toContain('Give Inspector access?')
    expect(text).toContain('Inspector at 127.0.0.1:49321')
    expect(text).toContain(`Unverified: this app describes itself at ${new URL(id).host}`)
    expect(text).toContain('This app runs on your own device.')
    expect(page.html).not.toContain('<img src="http')
    const { left } = await browser.submit(page, {}, ALLOW)
    const { body, status } = await app.redeem({ code: String(answerOf(left as URL)['code']), verifier })
    expect(status).toBe(200)
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ aud: MCP, client_id: id, scope: 'mcp:tools' })
    // RFC 8707 §2.2: a refresh without resource means the granted one
    const next = await app.refresh(String(body['refresh_token']))
    expect(decodeJwt(String(next.body['access_token']))).toMatchObject({ aud: MCP, scope: 'mcp:tools' })
    expect(host.asked(id)).toHaveLength(1)
    const client = await admin.call('GET', `/clients/${encodeURIComponent(id)}`)
    expect(client).toMatchObject({ client_id: id, signet_client_origin: 'document', signet_profile: 'native' })
    const state = await admin.call('GET', `/clients/${encodeURIComponent(id)}/document`)
    expect(state).toMatchObject({ client_id: id, error: null, consent_since: null })
    const unknown = await admin.ask('GET', `/clients/${encodeURIComponent(host.document())}/document`)
    expect(unknown).toMatchObject({ status: 404, body: { code: 'client_document_not_known' } })
  })

  test('the other server uses what the first one fetched', async () => {
    const id = host.document({}, { 'cache-control': 'max-age=3600' })
    await someone().visit(anApp(id).begin(WANTED).url)
    const page = await person(() => other).visit(anApp(id).begin(WANTED).url)
    expect(textOf(page.html)).toContain('Sign in')
    expect(host.asked(id)).toHaveLength(1)
  })

  test.each([
    [
      'scopes that are not open',
      { scope: 'mcp:admin', resource: MCP },
      'invalid_scope',
      'the scope mcp:admin is refused: this client may not ask for it',
    ],
    [
      'a resource that is not open',
      { scope: 'x', resource: CLOSED },
      'invalid_target',
      `this client may not ask for tokens for ${CLOSED}`,
    ],
  ])('%s are refused at the app, with iss', async (_what, params, error, error_description) => {
    const { left, headers } = await refusal(anApp(), params)
    expect(answerOf(left as URL)).toMatchObject({ error, error_description, iss: server.issuer })
    expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
      reason: `${error}: ${error_description}`,
    })
  })

  test('an administrator can allow one app more', async () => {
    const id = host.document()
    await refusal(anApp(id))
    await admin.call('PUT', `/clients/${encodeURIComponent(id)}/allowances/${encodeURIComponent(CLOSED)}`, {
      scopes: ['x'],
    })
    const { text } = await refusal(anApp(id), { scope: 'openid x', resource: CLOSED })
    expect(text).toContain('Sign in')
  })

  test('a redirect URI that is not in the document is refused on a page', async () => {
    const { status, left } = await refusal(anApp(host.document(), 'https://evil.example/cb'))
    expect({ status, left }).toEqual({ status: 400, left: undefined })
  })

  test('a document that cannot be used is refused with the reason, and with invalid_client at the token endpoint', async () => {
    const app = anApp(host.document({ client_name: undefined }))
    expect((await refusal(app)).text).toContain('client_name is nothing, expected is the name that people read')
    const answer = await app.token({ grant_type: 'refresh_token', refresh_token: 'x' })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_client' } })
    expect(answer.body['error_description']).toContain('cannot be used: client_name is nothing')
    const event = await admin.eventOf('token.refused', answer.headers)
    expect(event).toMatchObject({ reason: expect.stringContaining('client_name is nothing') as string })
  })

  test('an app with keys authenticates with those of its document', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    const own = { alg: 'ES256', use: 'sig', kid: 'k1' }
    const publicJwk = { ...(await exportJWK(pair.publicKey)), ...own }
    const key = { ...(await exportJWK(pair.privateKey)), ...own }
    const keys = await keysHost([publicJwk])
    for (const source of [{ jwks: { keys: [publicJwk] } }, { jwks_uri: keys.url }]) {
      const redirect = 'https://app.example.com/cb'
      const id = host.document({ redirect_uris: [redirect], token_endpoint_auth_method: 'private_key_jwt', ...source })
      const app = createApp(server, { id, key, secret: undefined }, redirect)
      const { status, body } = await app.redeem(await app.code(someone(), ada, WANTED))
      expect(status).toBe(200)
      expect(decodeJwt(String(body['access_token']))).toMatchObject({ aud: MCP, client_id: id })
      const unsigned = await createApp(server, { id, key, secret: undefined }, redirect, true).refresh(
        String(body['refresh_token']),
      )
      expect(unsigned).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      // no person, no token: whoever writes a document is not trusted as a machine
      expect((await app.token({ grant_type: 'client_credentials', resource: MCP })).body['error']).toBe(
        'unauthorized_client',
      )
    }
    expect(keys.asked).toBe(1)
  })

  test('a disabled app is refused like one that is registered', async () => {
    const id = host.document()
    const app = anApp(id)
    const { body } = await app.redeem(await app.code(someone(), ada, WANTED))
    await admin.call('POST', `/clients/${encodeURIComponent(id)}/disable`)
    const refused = await app.refresh(String(body['refresh_token']))
    expect(refused.body).toMatchObject({ error: 'invalid_client' })
    expect(await admin.eventOf('token.refused', refused.headers)).toMatchObject({ client_id: id })
  })

  test('an image or a prefetch of another page fetches no document', async () => {
    const id = host.document()
    const { url } = anApp(id).begin(WANTED)
    for (const headers of [{ 'sec-fetch-dest': 'image' }, { 'sec-fetch-dest': 'document', purpose: 'prefetch' }]) {
      const { status } = await server.fetch(url, { headers, redirect: 'manual' })
      expect(status).toBe(400)
    }
    expect(host.asked(id)).toHaveLength(0)
  })

  test('a browser app may call the token endpoint from its own origin, on loopback from any port', async () => {
    const id = host.document({ redirect_uris: ['http://localhost/cb', 'https://app.example.com/cb'] })
    const allowedFor = async (origin: string) => {
      const body = new URLSearchParams({ client_id: id, grant_type: 'refresh_token', refresh_token: 'x' })
      const response = await server.fetch('/token', { method: 'POST', body, headers: { origin } })
      return response.headers.get('access-control-allow-origin') === origin
    }
    expect(await allowedFor('http://localhost:6274')).toBe(true)
    expect(await allowedFor('https://app.example.com')).toBe(true)
    expect(await allowedFor('https://app.example.com:8443')).toBe(false)
    expect(await allowedFor('http://127.0.0.1:6274')).toBe(false)
  })
})

describe('a document that changes', () => {
  const changed = (id: string, members: Record<string, unknown>) =>
    host.show(id, {
      body: {
        client_id: id,
        client_name: 'Inspector',
        redirect_uris: [DOCUMENT_CALLBACK],
        token_endpoint_auth_method: 'none',
        ...members,
      },
    })

  test('asks consent anew, for everything, while its tokens go on', async () => {
    const id = host.document()
    const app = anApp(id)
    const browser = someone()
    const { body } = await app.redeem(await app.code(browser, ada, WANTED))
    const again = await browser.visit(app.begin({ scope: 'openid', resource: MCP }).url)
    expect(textOf(again.html)).toContain('Continue to Inspector')
    changed(id, { client_name: 'Expector' })
    ahead += 61_000
    const page = await browser.visit(app.begin({ scope: 'openid', resource: MCP }).url)
    expect(textOf(page.html)).toContain('Give Expector access?')
    const { left } = await browser.submit(page, {}, ALLOW)
    expect(answerOf(left as URL)).toHaveProperty('code')
    // what the person had allowed the app of before does not count for the one of now
    const wider = await browser.visit(app.begin(WANTED).url)
    expect(textOf(wider.html)).toContain('Give Expector access?')
    expect((await app.refresh(String(body['refresh_token']))).status).toBe(200)
  })

  test('asks anew whoever had the page of before open', async () => {
    const id = host.document()
    const app = anApp(id)
    const browser = someone()
    const { url } = app.begin(WANTED)
    const page = await browser.submit(await browser.visit(url), { identifier: ada.email, password: ada.password })
    expect(textOf(page.html)).toContain('Give Inspector access?')
    changed(id, { redirect_uris: [DOCUMENT_CALLBACK, 'https://new.example/cb'] })
    await admin.call('POST', `/clients/${encodeURIComponent(id)}/document/refetch`)
    const second = await browser.submit(page, {}, ALLOW)
    expect({ status: second.status, left: second.left }).toEqual({ status: 409, left: undefined })
    expect(textOf(second.html)).toContain('This app has changed what it says about itself.')
    expect(await admin.audit('client.document_refetched')).toMatchObject([{ client_id: id }])
    const { left } = await browser.submit(second, {}, ALLOW)
    expect(answerOf(left as URL)).toHaveProperty('code')
  })

  test('no longer leads to a redirect URI that it gave up', async () => {
    const id = host.document()
    await refusal(anApp(id))
    changed(id, { redirect_uris: ['https://new.example/cb'] })
    ahead += 61_000
    expect(await refusal(anApp(id))).toMatchObject({ status: 400, left: undefined })
  })
})

test('fifty requests at two servers fetch a document once, and once more when it is due', async () => {
  const id = host.document()
  const { promise, resolve } = Promise.withResolvers<void>()
  const fifty = () =>
    Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const through = index % 2 === 0 ? server : other
        const response = await through.fetch(anApp(id).begin(WANTED).url, { redirect: 'manual' })
        return response.status
      }),
    )
  host.gate = promise
  const first = fifty()
  await expect.poll(() => host.asked(id).length).toBe(1)
  resolve()
  expect(new Set(await first)).toEqual(new Set([303]))
  expect(host.asked(id)).toHaveLength(1)
  ahead += 61_000
  expect(new Set(await fifty())).toEqual(new Set([303]))
  expect(host.asked(id)).toHaveLength(2)
})
