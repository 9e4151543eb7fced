/** A person signs in to an app by the authorization code flow (RFC 6749 §4.1, RFC 7636, OpenID Connect Core §3.1). */
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, type Person, person, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'
import { letTimePass } from '../support/passed-time.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let web: RegisteredClient
let app: App
let sub: string

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, [{ name: 'posts:read', description: 'Read your posts' }, 'posts:write'] as never)
  web = await admin.client('web', {
    client_name: 'Blog',
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: ['http://localhost:5000/'],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  app = createApp(server, web, CALLBACK)
  sub = await admin.account(ada.email, ada.password)
})

function someone(): Person {
  return person(() => server)
}

async function userinfo(token: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('signing in', () => {
  test('asks for sign-in and consent once, answers with code, state and iss, and remembers both', async () => {
    const browser = someone()
    const first = app.begin({ scope: 'openid email' })
    const page = await browser.visit(first.url)
    expect(page.status).toBe(200)
    const consent = await browser.submit(page, { identifier: ada.email, password: ada.password })
    expect(textOf(consent.html)).toContain('Blog')
    const { left } = await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
    expect(answerOf(left as URL)).toMatchObject({ state: first.state, iss: server.issuer, code: expect.any(String) })
    // the second time nothing is asked
    const again = await browser.visit(app.begin({ scope: 'openid email' }).url)
    expect(answerOf(again.left as URL)).toMatchObject({ code: expect.any(String) })
    // in another browser only the sign-in is asked
    const other = someone()
    const back = await other.submit(await other.visit(app.begin({ scope: 'openid' }).url), {
      identifier: ada.email,
      password: ada.password,
    })
    expect(back.left && answerOf(back.left)).toMatchObject({ code: expect.any(String) })
  })

  test('gives an ID token with RS256 and an opaque access token for userinfo', async () => {
    const grant = await app.code(someone(), ada, { scope: 'openid email profile', nonce: 'n-1' })
    const { status, body } = await app.redeem(grant)
    expect(status).toBe(200)
    const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
    const { payload, protectedHeader } = await jwtVerify(body['id_token'] as string, keys)
    expect(protectedHeader.alg).toBe('RS256')
    expect(payload).toMatchObject({ iss: server.issuer, aud: web.id, sub, nonce: 'n-1', amr: ['pwd'] })
    expect(payload['auth_time']).toBeTypeOf('number')
    expect(body['access_token']).not.toContain('.')
    expect(body['refresh_token']).toBeUndefined()
    const info = await userinfo(body['access_token'] as string)
    expect(info).toMatchObject({ status: 200, body: { sub, email: ada.email, name: 'Ada Lovelace' } })
  })

  test('gives a JWT for the API that userinfo refuses, with the claims in the ID token', async () => {
    const grant = await app.code(someone(), ada, { scope: 'openid email posts:read', resource: API })
    const { body } = await app.redeem(grant)
    const token = decodeJwt(body['access_token'] as string)
    expect(token).toMatchObject({ aud: API, sub, client_id: web.id, scope: 'posts:read', amr: ['pwd'] })
    expect(token['auth_time']).toBeTypeOf('number')
    expect(decodeJwt(body['id_token'] as string)).toMatchObject({ email: ada.email })
    expect((await userinfo(body['access_token'] as string)).status).toBe(401)
  })
})

describe('refresh tokens', () => {
  test('are given to a confidential client for offline_access, without prompt=consent, and do not rotate', async () => {
    const grant = await app.code(someone(), ada, { scope: 'openid offline_access' })
    const { body } = await app.redeem(grant)
    expect(body['scope']).toContain('offline_access')
    const token = body['refresh_token'] as string
    const first = await app.refresh(token)
    expect(first.status).toBe(200)
    expect(first.body['refresh_token']).toBe(token)
    expect((await app.refresh(token)).status).toBe(200)
  })

  test('rotate for a public client, and a repeat within the grace window gets the same successor', async () => {
    const spa = await admin.client('spa', {
      redirect_uris: [CALLBACK],
      signet_allow: [{ resource: API, scopes: ['posts:read'] }],
    })
    const single = createApp(server, spa, CALLBACK, true)
    const { body } = await single.redeem(
      await single.code(someone(), ada, { scope: 'openid posts:read', resource: API }),
    )
    const token = body['refresh_token'] as string
    const first = await single.refresh(token)
    expect(first.status).toBe(200)
    expect(first.body['refresh_token']).not.toBe(token)
    const repeat = await single.refresh(token)
    expect(repeat.status).toBe(200)
    expect(repeat.body['refresh_token']).toBe(first.body['refresh_token'])
    // once the successor was used, the old one is theft: the family ends
    const second = await single.refresh(first.body['refresh_token'] as string)
    expect(second.status).toBe(200)
    const theft = await single.refresh(token)
    expect(theft).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'refresh token already used' },
    })
    expect((await single.refresh(second.body['refresh_token'] as string)).status).toBe(400)
    expect((await admin.audit('token.reused')).filter((event) => event['client_id'] === spa.id)).toHaveLength(1)
  })

  test('stay usable after a refresh that was refused for its resource or scope', async () => {
    const grant = await app.code(someone(), ada, { scope: 'openid offline_access posts:read', resource: API })
    const token = (await app.redeem(grant)).body['refresh_token'] as string
    expect((await app.refresh(token, { resource: 'https://other.example.com' })).body['error']).toBe('invalid_target')
    expect((await app.refresh(token, { scope: 'posts:write' })).body['error']).toBe('invalid_scope')
    expect((await app.refresh(token)).status).toBe(200)
  })
})

describe('codes', () => {
  test('are spent once: a later repeat is refused and ends the grant', async () => {
    const grant = await app.code(someone(), ada, { scope: 'openid offline_access' })
    const { body } = await app.redeem(grant)
    await letTimePass(server.databaseUrl, 2)
    const repeat = await app.redeem(grant)
    expect(repeat).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'authorization code already consumed' },
    })
    expect((await app.refresh(body['refresh_token'] as string)).status).toBe(400)
  })

  test('stay usable after an attempt with a wrong verifier', async () => {
    const grant = await app.code(someone(), ada)
    const wrong = await app.redeem({ ...grant, verifier: 'x'.repeat(43) })
    expect(wrong).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'code_verifier does not match code_challenge' },
    })
    expect((await app.redeem(grant)).status).toBe(200)
  })
})

describe('signing out', () => {
  test('ends the session and what hangs on it, and leads back to the app', async () => {
    const browser = someone()
    const { body } = await app.redeem(await app.code(browser, ada, { scope: 'openid email' }))
    const query = new URLSearchParams({
      id_token_hint: body['id_token'] as string,
      post_logout_redirect_uri: 'http://localhost:5000/',
      state: 's1',
    })
    const { left } = await browser.visit(`${server.issuer}/logout?${query.toString()}`)
    expect(left?.href).toBe('http://localhost:5000/?state=s1')
    expect((await userinfo(body['access_token'] as string)).status).toBe(401)
    const again = await browser.visit(app.begin({ prompt: 'none' }).url)
    expect(answerOf(again.left as URL)).toMatchObject({ error: 'login_required', iss: server.issuer })
    expect((await admin.audit('session.ended')).some((event) => event['account_id'] === sub)).toBe(true)
  })
})
