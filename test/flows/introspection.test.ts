/** What introspection, revocation and the status lists tell of tokens (RFC 7662, RFC 7009, Token Status List). */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { person } from '../support/person.ts'
import { type Server, startServers } from '../support/server.ts'
import { listedStatus } from '../support/status-list.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const INACTIVE = { active: false }
let first: Server
let second: Server
let admin: Administrator
let gateway: App
let seen = 0

beforeAll(async () => {
  ;[first, second] = (await startServers(2)) as [Server, Server]
  admin = await administrator(first)
  await admin.resource(API, ['posts:read'])
  gateway = createApp(first, await admin.client('machine', { signet_introspect: true }), CALLBACK)
})

const allowed = { redirect_uris: [CALLBACK], signet_allow: [{ resource: API, scopes: ['posts:read'] }] }

/** A person of its own with an app of its own, and the tokens it got. */
async function granted(): Promise<{
  app: App
  client: RegisteredClient
  sub: string
  jwt: string
  refresh: string
  browser: ReturnType<typeof person>
}> {
  const email = `person${seen++}@example.com`
  const sub = await admin.account(email, PASSWORD)
  const client = await admin.client('web', allowed)
  const app = createApp(first, client, CALLBACK)
  const browser = person(() => first)
  const { body } = await app.redeem(
    await app.code(
      browser,
      { email, password: PASSWORD },
      { scope: 'openid offline_access posts:read', resource: API },
    ),
  )
  return { app, client, sub, jwt: body['access_token'] as string, refresh: body['refresh_token'] as string, browser }
}

async function machine(): Promise<{ app: App; client: RegisteredClient; jwt: string }> {
  const client = await admin.client('machine', { signet_allow: allowed.signet_allow })
  const app = createApp(first, client, CALLBACK)
  return { app, client, jwt: (await app.token({ grant_type: 'client_credentials' })).body['access_token'] as string }
}

async function introspect(token: string, by = gateway, node = first): Promise<Record<string, unknown>> {
  const { status, body } = await by.call('/introspect', { token }, node)
  expect(status).toBe(200)
  return body
}

describe('introspection', () => {
  test('tells of a JWT access token of a person what it carries', async () => {
    const { jwt, sub, client } = await granted()
    expect(await introspect(jwt)).toMatchObject({
      active: true,
      iss: first.issuer,
      aud: API,
      sub,
      client_id: client.id,
      scope: 'posts:read',
      token_type: 'Bearer',
      jti: expect.any(String),
      exp: expect.any(Number),
      amr: ['pwd'],
    })
  })

  test('tells of a machine token, with its client as subject', async () => {
    const { jwt, client } = await machine()
    expect(await introspect(jwt)).toMatchObject({ active: true, sub: client.id, client_id: client.id, aud: API })
  })

  test('tells a client of its own tokens, and of others nothing unless it was registered for that', async () => {
    const { jwt, app, refresh } = await granted()
    const stranger = (await machine()).app
    for (const token of [jwt, refresh]) {
      expect(await introspect(token, app)).toMatchObject({ active: true })
      expect(await introspect(token, stranger)).toEqual(INACTIVE)
    }
  })

  test('says inactive, and no more, of what is no token of ours', async () => {
    const { jwt } = await granted()
    const pair = await generateKeyPair('ES256', { extractable: true })
    const claims = JSON.parse(Buffer.from(jwt.split('.')[1] as string, 'base64url').toString()) as Record<
      string,
      unknown
    >
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' }).sign(pair.privateKey)
    const { body } = await gateway.token({ grant_type: 'client_credentials' })
    const altered = `${jwt.slice(0, -4)}AAAA`
    for (const token of [forged, altered, 'a.b.c', `${jwt}x`, 'unknown', body['id_token'] ?? 'none']) {
      expect(await introspect(token)).toEqual(INACTIVE)
    }
  })

  test('takes no ID token for an access token', async () => {
    const { app, browser } = await granted()
    const { body } = await app.redeem(await app.code(browser, { email: '', password: '' }, { scope: 'openid' }))
    expect(await introspect(body['id_token'] as string)).toEqual(INACTIVE)
  })

  test('is refused to a public client, also of its own tokens', async () => {
    const { jwt } = await granted()
    const single = createApp(first, await admin.client('spa', allowed), CALLBACK, true)
    expect(await introspect(jwt, single)).toEqual(INACTIVE)
    const who = { email: 'single@example.com', password: PASSWORD }
    await admin.account(who.email, who.password)
    const browser = person(() => first)
    const { body } = await single.redeem(await single.code(browser, who, { scope: 'posts:read', resource: API }))
    expect(await introspect(body['access_token'] as string, single)).toEqual(INACTIVE)
    expect(await introspect(body['access_token'] as string)).toMatchObject({ active: true })
  })
})

describe('after', () => {
  /** Nothing that hangs on it is active on either node, at once; the list follows. */
  async function isGone(tokens: readonly string[], listed: readonly string[]): Promise<void> {
    for (const token of tokens) {
      for (const node of [second, first]) expect(await introspect(token, gateway, node)).toEqual(INACTIVE)
    }
    for (const token of listed) await expect.poll(() => listedStatus(second, token)).toBe(1)
  }

  test('the refresh token was revoked, its grant and all its tokens are gone', async () => {
    const { app, jwt, refresh } = await granted()
    expect(await listedStatus(first, jwt)).toBe(0)
    expect((await app.call('/revoke', { token: refresh })).status).toBe(200)
    await isGone([jwt, refresh], [jwt])
    expect((await app.refresh(refresh)).status).toBe(400)
    const [event] = await admin.audit('token.revoked')
    expect(event).toMatchObject({ outcome: 'success', detail: { kind: 'RefreshToken' } })
  })

  test('one JWT was revoked, that one is gone and its grant is not', async () => {
    const { app, jwt, refresh } = await granted()
    expect((await app.call('/revoke', { token: jwt })).status).toBe(200)
    await isGone([jwt], [])
    expect((await app.refresh(refresh)).status).toBe(200)
    // the list tells of grants: one token of a good grant is told by introspection only
    expect(await listedStatus(first, jwt)).toBe(0)
  })

  test('a machine token was revoked, only that one is gone', async () => {
    const { app, jwt } = await machine()
    const other = (await app.token({ grant_type: 'client_credentials' })).body['access_token'] as string
    expect((await app.call('/revoke', { token: jwt })).status).toBe(200)
    await isGone([jwt], [])
    expect(await introspect(other)).toMatchObject({ active: true })
  })

  test('another client tried to revoke it, nothing has changed', async () => {
    const { jwt } = await granted()
    const stranger = (await machine()).app
    expect((await stranger.call('/revoke', { token: jwt })).status).toBe(200)
    expect(await introspect(jwt)).toMatchObject({ active: true })
  })

  test('the account was disabled', async () => {
    const { jwt, refresh, sub } = await granted()
    await admin.call('POST', `/accounts/${sub}/disable`)
    await isGone([jwt, refresh], [jwt])
  })

  test('the account was deleted', async () => {
    const { jwt, refresh, sub } = await granted()
    await admin.call('DELETE', `/accounts/${sub}`)
    await isGone([jwt, refresh], [jwt])
  })

  test('the client was disabled', async () => {
    const { jwt, refresh, client } = await granted()
    const own = await machine()
    await admin.call('POST', `/clients/${client.id}/disable`)
    await admin.call('POST', `/clients/${own.client.id}/disable`)
    await isGone([jwt, refresh, own.jwt], [jwt, own.jwt])
  })

  test('the client was deleted', async () => {
    const { jwt, refresh, client } = await granted()
    const own = await machine()
    await admin.call('DELETE', `/clients/${client.id}`)
    await admin.call('DELETE', `/clients/${own.client.id}`)
    await isGone([jwt, refresh, own.jwt], [jwt, own.jwt])
  })
})

describe('the status list', () => {
  test('is signed, cacheable and unknown beyond the last place', async () => {
    const response = await first.fetch('/status-lists/0')
    expect(response.headers.get('content-type')).toBe('application/statuslist+jwt')
    expect(response.headers.get('cache-control')).toBe('public, max-age=60')
    expect((await first.fetch('/status-lists/1')).status).toBe(404)
    expect((await first.fetch('/status-lists/00')).status).toBe(404)
    expect((await first.fetch('/status-lists/999999999')).status).toBe(404)
  })
})

test('a token signed with a key of the caller is not taken for ours by its kid', async () => {
  const { jwt } = await granted()
  const [header = ''] = jwt.split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }
  const pair = await generateKeyPair('ES256', { extractable: true })
  const embedded: JWK = await exportJWK(pair.publicKey)
  const forged = await new SignJWT({ client_id: 'x', scope: 'posts:read' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, jwk: embedded })
    .setIssuer(first.issuer)
    .setAudience(API)
    .setSubject('x')
    .setJti('j')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(pair.privateKey)
  expect(await introspect(forged)).toEqual(INACTIVE)
})
