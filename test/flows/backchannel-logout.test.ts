/** Apps learn that a session has ended (OpenID Connect Back-Channel Logout 1.0), wherever and why it ended. */
import { decodeJwt } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../support/app.ts'
import { devMail } from '../support/dev-mail.ts'
import { logoutApp, untilDelivered, verifyLogoutToken } from '../support/logout-app.ts'
import { CALLBACK, type LogoutWorld, type Party, signOut, startLogoutWorld } from '../support/logout-world.ts'
import { person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { EVENTS } from '../support/revocation-events.ts'
import type { Holdings, Stage } from '../support/revocation-holdings.ts'

let world: LogoutWorld
let stage: Stage

beforeAll(async () => {
  world = await startLogoutWorld()
  const { first, second, admin } = world
  const visitor = createApp(first, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
  stage = { first, second, admin, visitor, gateway: visitor }
})

beforeEach(() => world.reset())

test('discovery announces the back channel, with sessions', async () => {
  const { first } = world
  const response = await first.fetch('/.well-known/openid-configuration')
  expect(await response.json()).toMatchObject({
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  })
})

test('a sign-out sends each app of the session one logout token of its own', async () => {
  const { first, admin, shop, blog, signedIn, claimsOf } = world
  const { sub, browser, shopToken, blogToken } = await signedIn()
  await signOut(browser)
  await untilDelivered(first)
  const [atShop, atBlog] = [await claimsOf(shop), await claimsOf(blog)]
  expect(atShop).toEqual([expect.objectContaining({ sub, sid: shopToken?.sid })])
  expect(shopToken?.sid).toMatch(/^[\w-]{40,}$/)
  // an app that does not require `sid` finds it in no token
  expect(atBlog).toEqual([expect.objectContaining({ sub })])
  expect([atBlog[0], blogToken]).not.toContainEqual(expect.objectContaining({ sid: expect.anything() as unknown }))
  // nor anything else: the engine sends nothing beside it
  expect([shop.listener.asked, blog.listener.asked]).toEqual([1, 1])
  expect(atShop[0]?.jti).not.toBe(atBlog[0]?.jti)
  const events = (await admin.audit('backchannel_logout.delivered')).filter((event) => event['account_id'] === sub)
  const [{ subject } = { subject: undefined }] = await admin.audit('session.ended')
  const told = events.map((event) => String(event['client_id']))
  expect(told.toSorted()).toEqual([shop.client.id, blog.client.id].toSorted())
  for (const event of events) {
    expect(event).toMatchObject({ outcome: 'success', actor: { kind: 'system' }, subject, detail: { attempts: 1 } })
  }
})

test('an app in which the person did not sign in by this session gets none', async () => {
  const { first, shop, blog, somebody, claimsOf } = world
  const { who, sub } = await somebody()
  const browser = person(() => first)
  await shop.app.code(browser, who)
  await blog.app.code(
    person(() => first),
    who,
  )
  await signOut(browser)
  await untilDelivered(first)
  expect(await claimsOf(shop)).toEqual([expect.objectContaining({ sub })])
  expect(blog.listener.tokens).toEqual([])
})

describe.each([
  'An administrator ends the session',
  'The person ends the session',
  'The person signs out everywhere else',
  'The person changes their password elsewhere, and signs out everywhere else',
  'Another person signs in with the same browser',
  'A person resets their forgotten password',
  'An invitation is accepted',
  'An account is disabled',
  'An account is deleted',
  'The person deletes their account',
])('%s', (event) => {
  test('sends each app of the session one logout token', async () => {
    const { first, admin, shop, blog, signedIn, claimsOf } = world
    const { who, sub, browser, shopToken } = await signedIn()
    await admin.call('POST', `/accounts/${sub}/reset-password`)
    const resetLink = (await devMail(first, who.email, '/reset-password?token=')).link
    await EVENTS[event]?.(stage, { who, sub, browser, resetLink } as unknown as Holdings)
    await untilDelivered(first)
    const own = async (at: Party) => (await claimsOf(at)).filter((claims) => claims.sub === sub)
    expect(await own(shop)).toEqual([expect.objectContaining({ sid: shopToken?.sid })])
    expect(await own(blog)).toEqual([expect.not.objectContaining({ sid: expect.anything() as unknown })])
  })
})

test('a pairwise client finds the subject of its ID tokens in its logout token', async () => {
  const { first, party, somebody, claimsOf } = world
  const apart = await party({ subject_type: 'pairwise' })
  const { who, sub } = await somebody()
  const browser = person(() => first)
  const { body } = await apart.app.redeem(await apart.app.code(browser, who))
  const own = decodeJwt(String(body['id_token'])).sub
  expect(own).not.toBe(sub)
  await signOut(browser)
  await untilDelivered(first)
  expect(await claimsOf(apart)).toEqual([expect.objectContaining({ sub: own })])
})

test('fifty endings of one session at once, over two servers, send each app one logout token', async () => {
  const { first, second, admin, shop, blog, signedIn } = world
  const { sub } = await signedIn()
  const { items } = await admin.call<{ items: { id: string }[] }>('GET', `/accounts/${sub}/sessions`)
  const path = `/accounts/${sub}/sessions/${items[0]?.id}`
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) => admin.ask('DELETE', path, { through: at % 2 === 0 ? first : second })),
  )
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 204)).toHaveLength(1)
  expect(statuses.filter((status) => status === 404)).toHaveLength(49)
  await untilDelivered(first)
  expect([shop.listener.tokens.length, blog.listener.tokens.length]).toEqual([1, 1])
})

test('an account that is disabled is signed out of apps whose session here is over, where they ask no sid', async () => {
  const { first, admin, shop, blog, signedIn, claimsOf } = world
  const { sub } = await signedIn()
  const over = `UPDATE sessions SET expires_at = now() - interval '1 minute' WHERE account_id = $1`
  await asSuperuser((client) => client.query(over, [sub]), first.databaseUrl)
  await admin.call('POST', `/accounts/${sub}/disable`)
  await untilDelivered(first)
  expect(await claimsOf(blog)).toEqual([expect.objectContaining({ sub })])
  expect(shop.listener.tokens).toEqual([])
  const [event] = await admin.audit('backchannel_logout.delivered')
  expect(event).toMatchObject({ client_id: blog.client.id, subject: { kind: 'account', id: sub } })
})

test('R57: a logout token is no hint, no access token and no assertion', async () => {
  const { first, shop, somebody, signedIn } = world
  const { browser } = await signedIn()
  await signOut(browser)
  await untilDelivered(first)
  const [token = ''] = shop.listener.tokens
  await shop.app.code(browser, (await somebody()).who)
  const silent = shop.app.begin({ prompt: 'none', id_token_hint: token })
  expect((await browser.visit(silent.url)).left?.searchParams.get('error')).toBe('login_required')
  const info = await first.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })
  expect(info.status).toBe(401)
  expect((await shop.app.call('/introspect', { token })).body).toEqual({ active: false })
  const asAssertion = await first.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: token,
    }),
  })
  expect(asAssertion.status).toBe(401)
})

test('an app that registers itself says where it takes logout tokens', async () => {
  const { first, admin, somebody } = world
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
  const listener = await logoutApp()
  const response = await first.fetch('/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: [CALLBACK],
      backchannel_logout_uri: listener.url,
      backchannel_logout_session_required: true,
      frontchannel_logout_uri: 'https://shop.example.com/signed-out',
    }),
  })
  const registered = (await response.json()) as Record<string, unknown>
  expect([response.status, registered['backchannel_logout_uri']]).toEqual([201, listener.url])
  const { who, sub } = await somebody()
  const client = { id: String(registered['client_id']), key: {}, secret: undefined }
  const browser = person(() => first)
  await createApp(first, client, CALLBACK).code(browser, who)
  const page = await signOut(browser)
  expect(page.html).toContain('<iframe src="https://shop.example.com/signed-out"')
  await untilDelivered(first)
  const [token = ''] = listener.tokens
  expect(await verifyLogoutToken(first, token, client.id)).toMatchObject({ sub, sid: expect.any(String) as string })
})
