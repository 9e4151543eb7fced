/** Which resource and which scopes a request means (RFC 6749 §3.3, RFC 8707), and who gets a refresh token. */
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const POSTS = 'https://posts.example.com'
const MAIL = 'https://mail.example.com'
const NEWS = 'https://news.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(POSTS, ['posts:read', 'posts:write'])
  await admin.resource(MAIL, ['mail:send'])
  await admin.resource(NEWS, ['news:read'])
  await admin.account(ada.email, ada.password)
})

const someone = () => person(() => server)
const posts = { resource: POSTS, scopes: ['posts:read'] }
const mail = { resource: MAIL, scopes: ['mail:send'] }

async function anApp(
  profile: string,
  also: Record<string, unknown> = {},
  callback = CALLBACK,
): Promise<App & { id: string }> {
  const client = await admin.client(profile, { redirect_uris: [callback], ...also })
  const isPublic = ['spa', 'native'].includes(profile)
  return { ...createApp(server, client, callback, isPublic), id: client.id }
}

/** The error that leads back to the app. */
async function refusal(app: App, params: Record<string, string>): Promise<Record<string, unknown>> {
  const begun = app.begin(params)
  const { left } = await someone().visit(begun.url)
  const answer = answerOf(left as URL)
  expect(answer).toMatchObject({ iss: server.issuer, state: begun.state })
  return answer
}

describe('without resource', () => {
  test('the default resource is meant when a scope of it is asked, or none', async () => {
    const app = await anApp('web', { signet_allow: [posts], signet_default_resource: POSTS })
    const named = await app.redeem(await app.code(someone(), ada, { scope: 'openid posts:read' }))
    expect(decodeJwt(named.body['access_token'] as string)).toMatchObject({ aud: POSTS, scope: 'posts:read' })
    const none = await app.redeem(await app.code(someone(), ada, { scope: '' }))
    expect(decodeJwt(none.body['access_token'] as string)).toMatchObject({ aud: POSTS, scope: 'posts:read' })
    expect(none.body['id_token']).toBeUndefined()
  })

  test('OpenID scopes alone give an opaque token for userinfo, default resource or not', async () => {
    const app = await anApp('web', { signet_allow: [posts], signet_default_resource: POSTS })
    const { body } = await app.redeem(await app.code(someone(), ada, { scope: 'openid email' }))
    expect(body['access_token']).not.toContain('.')
    expect(body['scope']).toBe('openid email')
  })

  test('an allowance does not make its resource the default', async () => {
    const app = await anApp('web', { signet_allow: [posts] })
    const answer = await refusal(app, { scope: 'posts:read' })
    expect(answer).toMatchObject({ error: 'invalid_scope' })
    expect(answer['error_description']).toBe('the scope posts:read is refused: the requested resource does not have it')
  })

  test.each([
    [
      'for no resource',
      {},
      'no scope was asked, and without a resource none is meant: send scope or resource, or register the resource to mean with --default-resource',
    ],
    [
      'for a resource of which the client has no scope',
      { resource: POSTS },
      `no scope was asked, and for ${POSTS} none is registered for this client: ask for others, or register some with --allow`,
    ],
  ])('nothing asked %s is an invalid scope', async (_name, sent, error_description) => {
    const app = await anApp('web', { signet_allow: [{ resource: POSTS, scopes: [] }] })
    const answer = await refusal(app, { ...sent, scope: '' })
    expect(answer).toMatchObject({ error: 'invalid_scope', error_description })
    const [event] = await admin.audit('authorization.refused')
    expect(event).toMatchObject({ reason: `invalid_scope: ${error_description}` })
  })

  test('a token request for several granted resources must name one', async () => {
    const app = await anApp('web', { signet_allow: [posts, mail] })
    const { url, verifier } = app.begin({ scope: 'openid posts:read mail:send', resource: POSTS })
    const code = answerOf(await someone().authorize(`${url}&resource=${encodeURIComponent(MAIL)}`, ada))[
      'code'
    ] as string
    const unnamed = await app.redeem({ code, verifier })
    expect(unnamed).toMatchObject({
      status: 400,
      body: { error: 'invalid_target', error_description: `name one resource: the grant is for ${POSTS}, ${MAIL}` },
    })
    const named = await app.redeem({ code, verifier }, { resource: MAIL })
    expect(decodeJwt(named.body['access_token'] as string)).toMatchObject({ aud: MAIL, scope: 'mail:send' })
  })

  test('one refresh token serves each of several granted resources, and none that was not granted', async () => {
    const app = await anApp('web', { signet_allow: [posts, mail, { resource: NEWS, scopes: ['news:read'] }] })
    const { url, verifier } = app.begin({ scope: 'openid offline_access posts:read mail:send', resource: POSTS })
    const left = await someone().authorize(`${url}&resource=${encodeURIComponent(MAIL)}`, ada)
    const { body } = await app.redeem({ code: answerOf(left)['code'] as string, verifier }, { resource: MAIL })
    const refresh = body['refresh_token'] as string
    for (const [resource, scope] of [
      [POSTS, 'posts:read'],
      [MAIL, 'mail:send'],
    ] as const) {
      const refreshed = await app.refresh(refresh, { resource })
      expect(decodeJwt(refreshed.body['access_token'] as string)).toMatchObject({ aud: resource, scope })
    }
    expect((await app.refresh(refresh)).body['error_description']).toBe(
      `name one resource: the grant is for ${POSTS}, ${MAIL}`,
    )
    expect((await app.refresh(refresh, { resource: NEWS })).body['error']).toBe('invalid_target')
  })

  test('a pushed resource may be spelled in another way than it is registered', async () => {
    const app = await anApp('web', { signet_allow: [posts] })
    const { params, verifier } = app.begin({ scope: 'openid posts:read', resource: 'HTTPS://Posts.example.com/' })
    const query = new URLSearchParams({
      client_id: app.id,
      request_uri: (await app.push(params)).body['request_uri'] as string,
    })
    const left = await someone().authorize(`${server.issuer}/authorize?${query.toString()}`, ada)
    const { body } = await app.redeem({ code: answerOf(left)['code'] as string, verifier })
    expect(body['scope']).toBe('openid posts:read')
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: POSTS })
  })

  test('a machine with several resources and no default must name one', async () => {
    const machine = await admin.client('machine', { signet_allow: [posts, mail] })
    const app = createApp(server, machine, CALLBACK)
    const { status, body } = await app.token({ grant_type: 'client_credentials' })
    expect(status).toBe(400)
    expect(body).toEqual({
      error: 'invalid_target',
      error_description: `name one resource: this client has ${MAIL}, ${POSTS}`,
    })
  })
})

describe('scopes', () => {
  test('one that the client may not have is refused by name', async () => {
    const app = await anApp('web', { signet_allow: [posts] })
    expect(await refusal(app, { scope: 'openid posts:write', resource: POSTS })).toMatchObject({
      error: 'invalid_scope',
      scope: 'posts:write',
      error_description: 'the scope posts:write is refused: this client may not ask for it',
    })
  })

  test('one that nobody knows is ignored with openid and refused without', async () => {
    const app = await anApp('web', { signet_allow: [posts] })
    const { body } = await app.redeem(
      await app.code(someone(), ada, { scope: 'openid nonsense posts:read', resource: POSTS }),
    )
    expect(body['scope']).toBe('openid posts:read')
    expect(await refusal(app, { scope: 'nonsense posts:read', resource: POSTS })).toMatchObject({
      error: 'invalid_scope',
      scope: 'nonsense',
    })
  })

  test('a resource outside the grant is an invalid target, and the code stays usable', async () => {
    const app = await anApp('web', { signet_allow: [posts, mail] })
    const grant = await app.code(someone(), ada, { scope: 'openid posts:read', resource: POSTS })
    expect((await app.redeem(grant, { resource: MAIL })).body['error']).toBe('invalid_target')
    expect((await app.redeem(grant)).status).toBe(200)
  })

  test('only what is new is asked for', async () => {
    const app = await anApp('web', { client_name: 'Blog', signet_allow: [posts] })
    const browser = someone()
    await app.code(browser, ada, { scope: 'openid email' })
    const page = await browser.visit(app.begin({ scope: 'openid email posts:read', resource: POSTS }).url)
    expect(textOf(page.html)).toContain('posts:read')
    expect(textOf(page.html)).not.toContain('e-mail address')
    const denied = await browser.submit(page, {}, { name: 'decision', value: 'deny' })
    expect(answerOf(denied.left as URL)).toMatchObject({ error: 'access_denied', iss: server.issuer })
    const [event] = await admin.audit('consent.denied')
    expect(event).toMatchObject({ client_id: app.id, outcome: 'failure' })
  })

  test('a refresh without scope means the granted ones, and one with fewer gets fewer', async () => {
    const app = await anApp('web', { signet_allow: [{ resource: POSTS, scopes: ['posts:read', 'posts:write'] }] })
    const { body } = await app.redeem(
      await app.code(someone(), ada, { scope: 'openid offline_access posts:read posts:write', resource: POSTS }),
    )
    const token = body['refresh_token'] as string
    expect((await app.refresh(token)).body['scope']).toBe('openid posts:read posts:write')
    expect((await app.refresh(token, { scope: 'posts:read' })).body['scope']).toBe('posts:read')
    expect((await app.refresh(token)).body['scope']).toBe('openid posts:read posts:write')
  })
})

describe('refresh tokens', () => {
  test('are not for a confidential client that did not ask for offline_access', async () => {
    const app = await anApp('web', { signet_allow: [posts] })
    const { body } = await app.redeem(await app.code(someone(), ada, { scope: 'openid posts:read', resource: POSTS }))
    expect(body['refresh_token']).toBeUndefined()
  })

  test('are for a public client with a token for an API, not for one with a token for userinfo', async () => {
    const app = await anApp('spa', { signet_allow: [posts] })
    const api = await app.redeem(await app.code(someone(), ada, { scope: 'openid posts:read', resource: POSTS }))
    expect(api.body['refresh_token']).toBeTypeOf('string')
    const own = await app.redeem(await app.code(someone(), ada, { scope: 'openid' }))
    expect(own.body['refresh_token']).toBeUndefined()
  })

  test.each([
    ['ends with the session of a browser app', 'spa', 'openid posts:read', 400],
    ['outlives the session with offline_access', 'spa', 'openid offline_access posts:read', 200],
    ['outlives the session of a native app', 'native', 'openid posts:read', 200],
  ])('one %s', async (_words, profile, scope, status) => {
    const app = await anApp(profile, { signet_allow: [posts] })
    const browser = someone()
    const { body } = await app.redeem(await app.code(browser, ada, { scope, resource: POSTS }))
    const page = await browser.visit(`${server.issuer}/logout?client_id=${app.id}`)
    await browser.submit(page, {}, { name: 'logout', value: 'yes' })
    expect((await app.refresh(body['refresh_token'] as string)).status).toBe(status)
  })
})

test('a native app may come back on any port of its loopback address, a web app may not', async () => {
  const native = await anApp('native', {}, 'http://127.0.0.1/cb')
  const { url } = native.begin({ redirect_uri: 'http://127.0.0.1:49152/cb' })
  const left = await someone().authorize(url, ada)
  expect(left.port).toBe('49152')
  const web = await anApp('web')
  const page = await someone().visit(web.begin({ redirect_uri: CALLBACK.replace('5000', '5001') }).url)
  expect(page).toMatchObject({ status: 400, left: undefined })
})

test('a native app may use any loopback address, and a browser app may call from the origins of its redirect URIs', async () => {
  const native = await anApp('native', {}, 'http://127.0.0.5/cb')
  const left = await someone().authorize(native.begin({ redirect_uri: 'http://127.0.0.5:49152/cb' }).url, ada)
  expect(left.host).toBe('127.0.0.5:49152')
  const spa = await anApp('spa', {}, 'https://spa.example.com/cb')
  const call = (origin: string) =>
    server.fetch('/token', {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: spa.id }),
    })
  const own = await call('https://spa.example.com')
  expect(own.headers.get('access-control-allow-origin')).toBe('https://spa.example.com')
  expect(((await own.json()) as { error: string }).error).toBe('invalid_grant')
  const foreign = await call('https://evil.example')
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
  expect(((await foreign.json()) as { error: string }).error).toBe('invalid_request')
})
