/** Native apps that registered themselves: private-use schemes, any loopback port, pages on loopback (RFC 8252). */
import { expect, test } from 'vitest'
import { answerOf, person, textOf } from '../../support/person.ts'
import { register, registrationRequest } from '../../support/registration.ts'
import { ada, LOOPBACK, registrationWorld, tool } from '../../support/registration-world.ts'

const CURSOR = 'cursor://anysphere.cursor-mcp/oauth/callback'
const { server, admin, idOf, appOf } = await registrationWorld('open')

async function app(redirectUris: readonly string[], uri = redirectUris[0] as string) {
  return appOf(await idOf(tool('Editor', { redirect_uris: redirectUris })), uri)
}

test('an editor comes back by its scheme, after a click each time', async () => {
  const editor = await app([CURSOR])
  const browser = person(() => server)
  const first = await browser.authorize(editor.begin().url, ada)
  expect(first.href).toMatch(/^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback\?code=/)
  const again = await browser.visit(editor.begin().url)
  expect(again.left).toBeUndefined()
  expect(textOf(again.html)).toContain('Editor')
  const silent = await browser.visit(editor.begin({ prompt: 'none' }).url)
  expect(answerOf(silent.left as URL)).toMatchObject({ error: 'consent_required' })
})

test('the consent page says that nobody has verified the app', async () => {
  const editor = await app(['http://127.0.0.1/verify'])
  const browser = person(() => server)
  const page = await browser.submit(await browser.visit(editor.begin().url), {
    identifier: ada.email,
    password: ada.password,
  })
  expect(textOf(page.html)).toContain('Unverified: nobody here has checked')
})

test('a scheme that the setting does not list is refused, and says where it is listed', async () => {
  const metadata = { token_endpoint_auth_method: 'none', redirect_uris: ['windsurf://cb/x'] }
  const { status, headers, body } = await register(server, metadata)
  expect([status, body['error']]).toEqual([400, 'invalid_redirect_uri'])
  expect(body['error_description']).toMatch(/windsurf: alone must be in the setting client_registration\.schemes/)
  expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({ reason: expect.stringMatching(/windsurf/) })
  await admin.call('PATCH', '/settings', { client_registration: { schemes: ['windsurf'] } })
  expect((await register(server, metadata)).status).toBe(201)
  expect((await register(server, { ...metadata, redirect_uris: [`${CURSOR}/2`] })).status).toBe(400)
  await admin.call('PATCH', '/settings', { client_registration: { schemes: null } })
})

test.each(['javascript', 'data', 'https', 'UPPER'])('the setting takes no scheme %s', async (scheme) => {
  const body = { client_registration: { schemes: [scheme] } }
  expect((await admin.ask('PATCH', '/settings', { body })).status).toBe(400)
})

test('any loopback port comes back, also when the app has https and private-scheme URIs as well', async () => {
  const uris = ['https://vscode.dev/redirect', 'http://127.0.0.1:33418/', 'http://127.0.0.1/', 'vscode://x.y/cb']
  const editor = await app(uris, 'http://127.0.0.1:50123/')
  const answer = await editor.redeem(
    await editor.code(
      person(() => server),
      ada,
    ),
  )
  expect(answer.status).toBe(200)
})

test('the port of a confidential app counts', async () => {
  const { begin } = appOf(await idOf({ redirect_uris: [LOOPBACK] }), 'http://127.0.0.1:5001/cb')
  const page = await person(() => server).visit(begin().url)
  expect(page.status).toBe(400)
  expect(page.left).toBeUndefined()
})

test('a page on loopback reads the answers of the token endpoint, a page elsewhere does not', async () => {
  const inspector = await app(['http://localhost:6274/oauth/callback'])
  const code = await inspector.code(
    person(() => server),
    ada,
  )
  const from = (origin: string) => ({
    ...server,
    fetch: ((url, init) => server.fetch(url, { ...init, headers: { origin } })) as typeof fetch,
  })
  const answer = await inspector.redeem(code, {}, from('http://localhost:9999'))
  expect(answer.status).toBe(200)
  expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:9999')
  const other = await inspector.refresh('x', {}, from('https://evil.example'))
  expect(other.headers.get('access-control-allow-origin')).toBeNull()
})

test('a page of any site may register, without cookies', async () => {
  const origin = 'https://inspector.example.com'
  const asked = await server.fetch('/register', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
  })
  expect(asked.status).toBe(204)
  expect(asked.headers.get('access-control-allow-origin')).toBe('*')
  expect(asked.headers.get('access-control-allow-methods')).toBe('POST')
  expect(asked.headers.get('access-control-allow-headers')).toBe('content-type')
  const metadata = { token_endpoint_auth_method: 'none', redirect_uris: [`${origin}/cb`] }
  const answer = await registrationRequest(server, 'POST', undefined, { metadata, headers: { origin } })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
})

test('an app that named no scope of an API gets those that the API opens to every client, and no others', async () => {
  const api = 'https://open.example.com'
  await admin.resource(api, ['read', 'write'], { open_scopes: ['read'] })
  const open = await app(['http://127.0.0.1/open'])
  const code = await open.code(
    person(() => server),
    ada,
    { scope: 'read', resource: api },
  )
  const answer = await open.redeem(code)
  expect(answer).toMatchObject({ status: 200, body: { scope: 'read', refresh_token: expect.any(String) } })
  const { left } = await person(() => server).visit(open.begin({ scope: 'write', resource: api }).url)
  expect(answerOf(left as URL)).toMatchObject({ error: 'invalid_scope' })
})
