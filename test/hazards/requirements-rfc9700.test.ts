/** What RFC 9700 (OAuth 2.0 Security Best Current Practice) demands and no other test asks, of a live server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { expectRefusalPage, firstAnswer } from '../support/first-answer.ts'
import { type Person, person, type Visit } from '../support/person.ts'
import { type Reachable, type Server, startServer } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const SIGNED_OUT = 'https://shop.example.com/bye'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let web: RegisteredClient
let app: App
let sub: string

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  sub = await admin.account(ada.email, ada.password)
  web = await admin.client('web', {
    client_name: 'shop',
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: [SIGNED_OUT],
    logo_uri: 'https://shop.example.com/logo.png',
    policy_uri: 'https://shop.example.com/policy',
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  app = createApp(server, web, CALLBACK)
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

function somebody(through: Reachable = server): Person {
  return person(() => through)
}

async function consentPage(browser: Person, params: Record<string, string> = {}): Promise<Visit> {
  const page = await browser.visit(app.begin({ prompt: 'login consent', ...params }).url)
  return browser.submit(page, { identifier: ada.email, password: ada.password })
}

describe('R10', () => {
  test('R10: what a browser is sent to or sends forms to answers no page of another origin', async () => {
    const headers = { origin: 'https://shop.example.com', 'access-control-request-method': 'GET' }
    const { url } = app.begin()
    const interaction = (await firstAnswer(server, url)).location as string
    for (const path of [url, new URL(interaction, server.issuer).href, '/logout', '/', '/logout/confirm']) {
      for (const method of ['OPTIONS', 'GET']) {
        const answer = await server.fetch(path, { method, headers, redirect: 'manual' })
        expect([path, answer.headers.get('access-control-allow-origin')]).toEqual([path, null])
      }
    }
  })

  test('R10: plain http leads to loopback alone, in every profile', async () => {
    for (const profile of ['web', 'spa', 'native', 'fapi2']) {
      for (const uri of ['http://shop.example.com/cb', 'http://10.0.0.1/cb', 'http://localhost.evil.example/cb']) {
        await expect(admin.client(profile, { redirect_uris: [uri] })).rejects.toThrow(/400 .*"field":"redirect_uris/)
      }
      const uris = ['http://localhost:5000/cb', 'http://127.0.0.1/cb', 'http://[::1]:5000/cb']
      expect((await admin.client(profile, { redirect_uris: uris })).id).toMatch(/^cli-/)
    }
  })

  test('R10: metadata and keys are for everybody', async () => {
    const headers = { origin: 'https://anybody.example' }
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks']) {
      const answer = await server.fetch(path, { headers })
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, headers.origin])
    }
  })
})

test('R11, R19: no page can be framed, tells where it was, runs script or loads anything of others', async () => {
  const browser = somebody()
  const signIn = await browser.visit(app.begin().url)
  const consent = await consentPage(browser)
  await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
  const signOut = await browser.visit(`/logout?client_id=${web.id}`)
  const pages: Record<string, Visit> = {
    signIn,
    consent,
    formPost: await browser.visit(app.begin({ response_mode: 'form_post' }).url),
    signOut,
    signedOut: await browser.submit(signOut, {}, { name: 'logout', value: 'yes' }),
    error: await browser.visit(app.begin({ client_id: 'nobody' }).url),
    lost: await browser.visit('/interaction/none-such'),
    home: await browser.visit('/'),
    nowhere: await browser.visit('/nowhere'),
  }
  for (const [name, { html, headers }] of Object.entries(pages)) {
    const policy = headers.get('content-security-policy') ?? ''
    expect({ name, html: /<html/.test(html), referrer: headers.get('referrer-policy') }).toEqual({
      name,
      html: true,
      referrer: 'no-referrer',
    })
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*|(?:script|style|img|font|connect|frame)-src[^;]*https?:/)
    expect(html).not.toMatch(/\b(?:src|srcset|background)\s*=\s*["']?(?:https?:)?\/\//i)
    expect(html).not.toMatch(/<(?:iframe|object|embed|img|base)\b|<link(?![^>]*rel="icon" href="data:)/i)
  }
})

test('R12: the answer to an authorization request says who answers, by whatever way and whatever it is', async () => {
  const browser = somebody()
  const denied = await browser.submit(await consentPage(browser), {}, { name: 'decision', value: 'deny' })
  const allowed = await browser.submit(await consentPage(browser), {}, { name: 'decision', value: 'allow' })
  expect(denied.left?.searchParams.get('error')).toBe('access_denied')
  expect(allowed.left?.searchParams.get('code')).toMatch(/.+/)
  for (const { left } of [denied, allowed]) expect(left?.searchParams.get('iss')).toBe(server.issuer)
  for (const params of [{ prompt: 'none' }, { scope: 'nonsense' }, { prompt: 'none', max_age: '0' }]) {
    const stranger = await somebody().visit(app.begin({ ...params, response_mode: 'fragment' }).url)
    const answer = new URLSearchParams(stranger.left?.hash.slice(1))
    expect(answer.get('error')).toMatch(/^(?:login_required|invalid_scope)$/)
    expect(answer.get('iss')).toBe(server.issuer)
    const form = await somebody().visit(app.begin({ ...params, response_mode: 'form_post' }).url)
    expect(form.html).toContain(`name="iss" value="${server.issuer}"`)
    expect(form.html).toMatch(/name="error" value="(?:login_required|invalid_scope)"/)
  }
})

test('R15: signing out leads to a registered place, or to none', async () => {
  for (const place of [`${SIGNED_OUT}/`, `${SIGNED_OUT}?x=1`, CALLBACK, 'https://evil.example/', '//evil.example']) {
    const query = new URLSearchParams({ client_id: web.id, post_logout_redirect_uri: place })
    const answer = await firstAnswer(server, `/logout?${query.toString()}`)
    expect({ place, status: answer.status, location: answer.location }).toEqual({ place, status: 400, location: null })
    expect(answer.html).toContain('post_logout_redirect_uri not registered')
    expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({
      client_id: web.id,
      reason: 'invalid_request: post_logout_redirect_uri not registered',
    })
  }
  // nobody says for whom: the place does not count
  const browser = somebody()
  await browser.authorize(app.begin().url, ada)
  const query = new URLSearchParams({ post_logout_redirect_uri: SIGNED_OUT, state: 's' })
  const page = await browser.visit(`/logout?${query.toString()}`)
  const { left, url, status } = await browser.submit(page, {}, { name: 'logout', value: 'yes' })
  expect({ left, status, path: new URL(url).pathname }).toEqual({
    left: undefined,
    status: 200,
    path: '/logout/success',
  })
})

test('R15: no parameter names a place to go on to', async () => {
  for (const name of ['return_to', 'returnTo', 'next', 'continue', 'redirect', 'url', 'post_logout_redirect_uri']) {
    const { status, location } = await firstAnswer(server, app.begin({ [name]: 'https://evil.example/' }).url)
    expect([name, status]).toEqual([name, 303])
    expect(location).toMatch(new RegExp(`^(?:${server.issuer})?/interaction/[\\w-]+$`))
  }
  await expectRefusalPage(
    { server, admin },
    app.begin({ client_id: 'nobody', redirect_uri: 'https://evil.example/' }).url,
    /client/,
  )
})

test('R16: a redirect on the way of a password or a decision is 303 each time, and a form is never sent on', async () => {
  const seen: { method: string; status: number; path: string }[] = []
  const watched: Reachable = {
    issuer: server.issuer,
    async fetch(input, init) {
      const answer = await server.fetch(input, init)
      const path = new URL(input instanceof Request ? input.url : input, server.issuer).pathname.replace(
        /(interaction|authorize)\/[\w-]+/,
        '$1/:uid',
      )
      if (answer.headers.has('location')) seen.push({ method: init?.method ?? 'GET', status: answer.status, path })
      return answer
    },
  }
  const browser = somebody(watched)
  const first = await browser.visit(app.begin({ prompt: 'login consent' }).url)
  const wrong = await browser.submit(first, { identifier: ada.email, password: 'wrong' })
  const consent = await browser.submit(wrong, { identifier: ada.email, password: ada.password })
  await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
  await browser.submit(await browser.visit('/logout'), {}, { name: 'logout', value: 'yes' })
  await watched.fetch('/authorize', { method: 'POST', redirect: 'manual', body: new URL(app.begin().url).searchParams })
  await watched.fetch('/logout', { method: 'POST', redirect: 'manual', body: new URLSearchParams({ state: 's' }) })
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([303]))
  expect(new Set(seen.filter(({ method }) => method === 'POST').map(({ path }) => path))).toEqual(
    new Set(['/interaction/:uid/login', '/interaction/:uid/consent', '/logout/confirm', '/authorize', '/logout']),
  )
})

test('R17: a caller that is no trusted proxy has the address of its connection, and no certificate', async () => {
  const response = await server.fetch('/token', {
    method: 'POST',
    headers: {
      'x-forwarded-for': '203.0.113.7',
      'x-real-ip': '203.0.113.7',
      forwarded: 'for=203.0.113.7',
      'client-cert': ':AA==:',
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: web.id }),
  })
  expect(response.status).toBe(401)
  expect(await response.json()).toEqual({
    error: 'invalid_client',
    error_description: expect.stringMatching(/\w+ \w+/),
  })
  const event = await admin.eventOf('token.refused', response.headers)
  expect(event?.['address']).toMatch(/^(?:127\.0\.0\.1|::1)$/)
  expect(server.logs()).not.toContain('203.0.113.7')
})

test('R18: no client can have the name of a person, and a machine gets no token in it', async () => {
  const document = { signet_profile: 'machine', client_name: 'x', token_endpoint_auth_method: 'client_secret_basic' }
  await expect(admin.call('POST', '/clients', { ...document, client_id: sub })).rejects.toThrow(
    /400 .*"field":"client_id",.*"expected":"1 to 64 of [^"]+ and not with acc-, pair- or reg-"/,
  )
  const machine = createApp(
    server,
    await admin.client('machine', { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }),
    CALLBACK,
  )
  const { body } = await machine.token({ grant_type: 'client_credentials', sub, username: sub, requested_subject: sub })
  const claims = JSON.parse(
    Buffer.from((body['access_token'] as string).split('.')[1] as string, 'base64url').toString(),
  )
  expect(claims.sub).toBe(claims.client_id)
  expect(claims.sub).not.toBe(sub)
})

test('R20: answers are not posted to other windows: the web_message mode is not there', async () => {
  for (const mode of ['web_message', 'web_message.jwt']) {
    const { status, location, headers } = await firstAnswer(server, app.begin({ response_mode: mode }).url)
    const answer = new URL(location as string)
    expect([status, answer.origin]).toEqual([303, 'https://shop.example.com'])
    expect(Object.fromEntries(answer.searchParams)).toMatchObject({
      error: 'unsupported_response_mode',
      error_description: 'unsupported response_mode requested',
      iss: server.issuer,
    })
    expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({ client_id: web.id })
  }
})
