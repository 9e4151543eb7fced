/** What was made for one purpose opens nothing else: every secret is tried at every door but its own. */
import { beforeAll, expect, test } from 'vitest'
import type { TokenAnswer } from '../support/app.ts'
import {
  anApp,
  expectRefused,
  EVERYTHING,
  granted,
  type Granted,
  type Registered,
  somebody,
  type Stage,
  startStage,
} from '../support/hazard-world.ts'
import { pkce } from '../support/person.ts'

let stage: Stage
let owner: Granted
let gateway: Registered
/** One live secret of each kind, all of one client and one person. */
let secrets: Record<string, string>

beforeAll(async () => {
  stage = await startStage()
  gateway = await anApp(stage, 'machine', { signet_introspect: true })
  owner = await granted(stage)
  const { app, browser, who, client } = owner
  const opaque = await app.redeem(await app.code(browser, who, { scope: 'openid' }))
  const pushed = await app.push(app.begin().params)
  const stranger = await somebody(stage)
  const page = await stranger.browser.visit(app.begin().url)
  secrets = {
    code: (await app.code(browser, who, EVERYTHING)).code,
    'refresh token': owner.tokens['refresh_token'] as string,
    'opaque access token': opaque.body['access_token'] as string,
    'JWT access token': owner.tokens['access_token'] as string,
    'ID token': owner.tokens['id_token'] as string,
    request_uri: pushed.body['request_uri'] as string,
    'request_uri id': (pushed.body['request_uri'] as string).split(':').at(-1) as string,
    'session cookie': cookieOf(browser.cookies, /session$/),
    interaction: new URL(page.url).pathname.split('/').at(-1) as string,
    'client id': client.id,
  }
  for (const [kind, value] of Object.entries(secrets)) expect(value, kind).toMatch(/.{16}/)
})

function cookieOf(cookies: ReadonlyMap<string, string>, name: RegExp): string {
  return [...cookies].find(([key]) => name.test(key))?.[1] ?? ''
}

/** Every secret but those named. */
function others(...own: string[]): [string, string][] {
  return Object.entries(secrets).filter(([kind]) => !own.includes(kind))
}

test('V3: only a code is redeemed as a code', async () => {
  const { verifier } = pkce()
  for (const [kind, code] of others('code')) {
    const answer = await owner.app.redeem({ code, verifier })
    expect(answer.status, kind).toBe(400)
    await expectRefused(stage, answer, { status: 400, error: 'invalid_grant', description: /\w+ \w+/ })
  }
})

test('V3: only a refresh token refreshes', async () => {
  for (const [kind, value] of others('refresh token')) {
    const answer = await owner.app.refresh(value)
    expect(answer.status, kind).toBe(400)
    await expectRefused(stage, answer, { status: 400, error: 'invalid_grant', description: /\w+ \w+/ })
  }
})

test('V3: only an access token without an audience opens userinfo', async () => {
  for (const [kind, value] of others('opaque access token')) {
    const response = await stage.first.fetch('/userinfo', { headers: { authorization: `Bearer ${value}` } })
    expect(response.status, kind).toBe(401)
    expect(await response.json(), kind).toEqual({
      error: 'invalid_token',
      error_description: expect.stringMatching(/\w+ \w+/) as string,
    })
    expect(response.headers.get('www-authenticate'), kind).toMatch(/error="invalid_token"/)
  }
})

test('V3: only an access token with the admin API as audience opens the admin API', async () => {
  for (const [kind, value] of others()) {
    const response = await stage.first.fetch('/admin/v1/clients', { headers: { authorization: `Bearer ${value}` } })
    // what has a form that no bearer token has is malformed (RFC 6750 §3.1)
    const isToken = /^[\w.~+/-]+=*$/.test(value)
    expect(response.status, kind).toBe(isToken ? 401 : 400)
    expect(await response.json(), kind).toMatchObject({ code: isToken ? 'invalid_token' : 'invalid_request' })
  }
})

test('V3: only tokens are active at introspection, and revoking anything else changes nothing', async () => {
  for (const [kind, token] of others('refresh token', 'opaque access token', 'JWT access token')) {
    const { status, body } = await gateway.app.call('/introspect', { token })
    expect({ status, body }, kind).toEqual({ status: 200, body: { active: false } })
    expect((await owner.app.call('/revoke', { token })).status, kind).toBe(200)
  }
  expect((await owner.app.refresh(secrets['refresh token'] as string)).status).toBe(200)
})

test('V3: only a pushed request is a request_uri', async () => {
  const { client } = owner
  for (const [kind, value] of others('request_uri')) {
    for (const uri of [value, `urn:ietf:params:oauth:request_uri:${value}`]) {
      if (uri === secrets['request_uri']) continue
      const query = new URLSearchParams({ client_id: client.id, request_uri: uri })
      const response = await stage.first.fetch(`/authorize?${query.toString()}`, { redirect: 'manual' })
      expect({ kind, status: response.status, to: response.headers.get('location') }).toEqual({
        kind,
        status: 400,
        to: null,
      })
      expect(await response.text(), kind).toMatch(/invalid_request_uri|request_uri/)
    }
  }
})

test('V3: only an interaction is an interaction', async () => {
  for (const [kind, value] of others('interaction')) {
    const response = await stage.first.fetch(`/interaction/${encodeURIComponent(value)}`, {
      headers: { cookie: `signet_interaction=${value}` },
      redirect: 'manual',
    })
    expect(response.status, kind).toBeGreaterThanOrEqual(400)
    expect(response.status, kind).toBeLessThan(500)
    expect(await response.text(), kind).not.toMatch(/name="password"/)
  }
})

test('V20: no token or code in the session cookie signs anybody in, signed or not', async () => {
  const signature = cookieOf(owner.browser.cookies, /session\.sig$/)
  const { url } = owner.app.begin({ prompt: 'none' })
  const withCookie = async (cookie: string) => {
    const response = await stage.first.fetch(url, { headers: { cookie }, redirect: 'manual' })
    return new URL(response.headers.get('location') as string).searchParams
  }
  // with its own signature it does
  const good = `signet_session=${secrets['session cookie']}; signet_session.sig=${signature}`
  expect((await withCookie(good)).get('code')).toMatch(/.+/)
  const cookies = others('session cookie').flatMap(([, value]) => [
    `signet_session=${value}`,
    `signet_session=${value}; signet_session.sig=${signature}`,
  ])
  for (const cookie of [...cookies, `signet_session=${secrets['session cookie']}`]) {
    const answer = await withCookie(cookie)
    expect(answer.get('error'), cookie).toBe('login_required')
    expect(answer.get('error_description'), cookie).toMatch(/\w+ \w+/)
  }
})

test('V19: a token is whole or nothing: cut, longer, or with any character altered it is inactive', async () => {
  const isActive = async (token: string): Promise<boolean> => {
    const { body } = await gateway.app.call('/introspect', { token })
    return (body as Record<string, unknown>)['active'] === true
  }
  for (const kind of ['refresh token', 'opaque access token']) {
    const whole = secrets[kind] as string
    expect(await isActive(whole), kind).toBe(true)
    const bent = [
      ...Array.from(
        whole,
        (character, at) => whole.slice(0, at) + (character === 'A' ? 'B' : 'A') + whole.slice(at + 1),
      ),
      ...Array.from(whole, (_, at) => whole.slice(0, at)).filter((text) => text !== ''),
      ...['A', '=', '.', ' ', '\u0000', '/'].flatMap((more) => [whole + more, more + whole]),
      whole.toLowerCase(),
      whole.toUpperCase(),
      whole + whole,
    ]
    const active = (await Promise.all(bent.map(isActive))).filter(Boolean)
    expect(active, kind).toEqual([])
    const userinfo = await stage.first.fetch('/userinfo', { headers: { authorization: `Bearer ${bent[0]}` } })
    expect(userinfo.status).toBe(401)
  }
})

test('V19: a JWT access token with any character altered is inactive', async () => {
  const whole = secrets['JWT access token'] as string
  const ask = async (token: string): Promise<TokenAnswer> => gateway.app.call('/introspect', { token })
  expect((await ask(whole)).body).toMatchObject({ active: true })
  for (let at = 0; at < whole.length; at += 5) {
    const bent = whole.slice(0, at) + (whole[at] === 'A' ? 'B' : 'A') + whole.slice(at + 1)
    expect((await ask(bent)).body, `character ${at}`).toEqual({ active: false })
  }
  for (const length of [whole.length - 1, whole.length - 10, whole.lastIndexOf('.'), whole.lastIndexOf('.') + 1]) {
    expect((await ask(whole.slice(0, length))).body, `cut at ${length}`).toEqual({ active: false })
  }
})
