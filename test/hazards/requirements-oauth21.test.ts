/** What OAuth 2.1 demands and no other test asks, of a live server. */
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp, type TokenAnswer } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { type Person, person } from '../support/person.ts'
import { proofKey } from '../support/proof-key.ts'
import { type Server, startServer } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
const allowed = { redirect_uris: [CALLBACK], signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
let server: Server
let admin: Administrator
let web: RegisteredClient
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  await admin.account(ada.email, ada.password)
  web = await admin.client('web', allowed)
  app = createApp(server, web, CALLBACK)
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

function somebody(): Person {
  return person(() => server)
}

async function post(path: string, body: URLSearchParams, headers: Record<string, string> = {}): Promise<TokenAnswer> {
  const response = await server.fetch(path, { method: 'POST', body, headers })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, string>),
    headers: response.headers,
  }
}

test('R26: a browser app that binds its tokens to a key keeps its refresh token, worth nothing without the key', async () => {
  const spa = await admin.client('spa', { ...allowed, dpop_bound_access_tokens: true })
  const { code, verifier } = await createApp(server, spa, CALLBACK, true).code(somebody(), ada, {
    scope: 'openid posts:read',
    resource: API,
  })
  const [own, other] = [await proofKey(), await proofKey()]
  const at = { url: `${server.issuer}/token` }
  const redeem = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: spa.id,
    code,
    redirect_uri: CALLBACK,
    code_verifier: verifier,
  })
  const bare = await post('/token', redeem)
  expect(bare).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'DPoP proof JWT not provided' },
  })
  const { status, body } = await post('/token', redeem, await own.proof(at))
  expect(status).toBe(200)
  expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: API, cnf: { jkt: own.jkt } })
  const token = body['refresh_token'] as string
  const refresh = new URLSearchParams({ grant_type: 'refresh_token', client_id: spa.id, refresh_token: token })
  const refused = [
    [await post('/token', refresh), 'DPoP proof JWT not provided'],
    [await post('/token', refresh, await other.proof(at)), 'failed jkt verification'],
  ] as const
  for (const [answer, description] of refused) {
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant', error_description: description } })
    expect(await admin.eventOf('token.refused', answer.headers)).toMatchObject({
      outcome: 'failure',
      client_id: spa.id,
    })
  }
  for (let time = 0; time < 2; time++) {
    const again = await post('/token', refresh, await own.proof(at))
    expect([again.status, again.body['refresh_token']]).toEqual([200, token])
    expect(decodeJwt(again.body['access_token'] as string)).toMatchObject({ cnf: { jkt: own.jkt } })
  }
})

test('R28: a parameter that is sent twice is refused at every endpoint that takes parameters', async () => {
  const pushed = app.begin({ nonce: 'n' }).params
  const requests: [string, string, Record<string, string>][] = [
    ['/introspect', 'token', { token: 'x' }],
    ['/revoke', 'token', { token: 'x' }],
    ['/par', 'nonce', pushed],
    ['/par', 'redirect_uri', pushed],
  ]
  for (const [path, name, params] of requests) {
    const own = await assertionParams({ issuer: server.issuer, clientId: web.id, key: web.key })
    const twice = new URLSearchParams({ ...own, ...params })
    twice.append(name, params[name] as string)
    const answer = await post(path, twice)
    expect({ path, status: answer.status, body: answer.body }).toEqual({
      path,
      status: 400,
      body: {
        error: 'invalid_request',
        error_description: `'${name}' parameter must not be provided twice`,
      },
    })
    expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({ client_id: web.id })
  }
  const userinfo = await server.fetch('/userinfo', {
    method: 'POST',
    body: new URLSearchParams([
      ['access_token', 'x'],
      ['access_token', 'x'],
    ]),
  })
  expect([userinfo.status, ((await userinfo.json()) as { error: string }).error]).toEqual([400, 'invalid_request'])
  const logout = await server.fetch('/logout?state=a&state=a', { headers: { accept: 'application/json' } })
  expect([logout.status, ((await logout.json()) as { error: string }).error]).toEqual([400, 'invalid_request'])
})

test('R29: a parameter that nobody knows is ignored at every endpoint', async () => {
  const unknown = { nonsense: 'x', 'a[b]': 'c', '': 'y' }
  const request = { ...app.begin().params, ...unknown }
  expect((await app.push(request)).status).toBe(201)
  const { code, verifier } = await app.code(somebody(), ada, { ...unknown, '': '' })
  const { status, body } = await app.redeem({ code, verifier }, unknown)
  expect(status).toBe(200)
  const token = body['access_token'] as string
  expect(await app.call('/introspect', { token, ...unknown })).toMatchObject({ status: 200, body: { active: true } })
  expect((await app.call('/revoke', { token, ...unknown })).status).toBe(200)
})

test('R25: a token is read from the Authorization header or a form, one way at a time, never from a URL', async () => {
  const { body } = await app.redeem(await app.code(somebody(), ada))
  const token = body['access_token'] as string
  const bearer = { authorization: `Bearer ${token}` }
  const form = new URLSearchParams({ access_token: token })
  expect((await server.fetch('/userinfo', { headers: bearer })).status).toBe(200)
  expect((await post('/userinfo', form)).status).toBe(200)
  const wrong = [
    await server.fetch(`/userinfo?access_token=${token}`),
    await server.fetch(`/userinfo?access_token=${token}`, { headers: bearer }),
    await server.fetch(`/userinfo?access_token=${token}`, { method: 'POST' }),
    await server.fetch('/userinfo', { method: 'POST', body: form, headers: bearer }),
  ]
  for (const [index, answer] of wrong.entries()) {
    expect([index, answer.status]).toEqual([index, 400])
    expect(await answer.json()).toEqual({
      error: 'invalid_request',
      error_description: expect.stringMatching(/\w+ \w+/) as string,
    })
    expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({ outcome: 'failure' })
  }
  expect(server.logs()).not.toContain(token)
})

test('R70: a confidential client gets nothing at the other back channels either without authentication', async () => {
  const other = await admin.client('web', allowed)
  const foreign = await assertionParams({ issuer: server.issuer, clientId: other.id, key: other.key })
  const request = app.begin().params
  for (const [path, params] of Object.entries({
    '/par': request,
    '/introspect': { token: 'x', client_id: web.id },
    '/revoke': { token: 'x', client_id: web.id },
  })) {
    for (const [credentials, refusal] of [
      [{}, '401 invalid_client'],
      [{ client_secret: 'x' }, '401 invalid_client'],
      [foreign, '400 invalid_request'],
    ] as const) {
      const answer = await post(path, new URLSearchParams({ ...params, ...credentials }))
      expect([path, `${answer.status} ${answer.body['error']}`]).toEqual([path, refusal])
      expect(answer.body['error_description']).toMatch(/\w+ \w+/)
      expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({ outcome: 'failure' })
    }
  }
})

test('R71: a client that was registered for one response mode gets its answer by no other', async () => {
  const client = await admin.client('web', { ...allowed, response_modes: ['query'] })
  const single = createApp(server, client, CALLBACK)
  expect(
    (await somebody().authorize(single.begin({ response_mode: 'query' }).url, ada)).searchParams.get('code'),
  ).toMatch(/.+/)
  for (const mode of ['form_post', 'fragment']) {
    const answer = await server.fetch(single.begin({ response_mode: mode }).url, { redirect: 'manual' })
    const told = `${answer.headers.get('location') ?? ''}${await answer.text()}`
    expect(told).toContain('invalid_request')
    expect(told).toMatch(/requested(?:\+|%20| )response_mode(?:\+|%20| )is(?:\+|%20| )not(?:\+|%20| )allowed/)
    expect(await admin.eventOf('authorization.refused', answer.headers)).toMatchObject({ client_id: client.id })
  }
})
