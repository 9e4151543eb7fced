/** `sid` in ID tokens: for the clients that ask for it, the same for a session and client, and what it proves. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person, type Person, textOf } from '../support/person.ts'
import { type Server, startServers } from '../support/server.ts'

const CALLBACK = 'https://shop.example.com/callback'
const BYE = 'https://shop.example.com/bye'
const PAGE = 'https://shop.example.com/signed-out'
const ada = { email: 'ada@example.com', password: PASSWORD }
const BACK = { backchannel_logout_uri: PAGE, backchannel_logout_session_required: true }
const FRONT = { frontchannel_logout_uri: PAGE, frontchannel_logout_session_required: true }

let first: Server
let second: Server
let admin: Administrator

beforeAll(async () => {
  ;[first, second] = (await startServers(2)) as [Server, Server]
  admin = await administrator(first)
  await admin.account(ada.email, ada.password)
})

async function app(also: Record<string, unknown>): Promise<App> {
  const members = { redirect_uris: [CALLBACK], post_logout_redirect_uris: [BYE], ...also }
  return createApp(first, await admin.client('web', members), CALLBACK)
}

async function signIn(to: App, browser: Person = person(() => first), params: Record<string, string> = {}) {
  const { body } = await to.redeem(await to.code(browser, ada, params))
  const idToken = String(body['id_token'])
  return { browser, body, idToken, sid: decodeJwt<{ sid?: string }>(idToken).sid }
}

test.each([
  ['back-channel logout requires it', BACK, true],
  ['front-channel logout requires it', FRONT, true],
  ['neither requires it', { backchannel_logout_uri: PAGE, frontchannel_logout_uri: PAGE }, false],
  ['no logout address is registered', {}, false],
])('where %s, an ID token carries sid accordingly', async (_what, members, expected) => {
  const { sid } = await signIn(await app(members))
  expect(sid !== undefined).toBe(expected)
})

test('a request may ask for it by the parameter claims, and a later one of the same app does without', async () => {
  const shop = await app({})
  const claims = JSON.stringify({ id_token: { sid: null } })
  const { browser, sid } = await signIn(shop, undefined, { claims })
  expect(sid).toEqual(expect.any(String))
  expect((await signIn(shop, browser, { claims })).sid).toBe(sid)
  expect((await signIn(shop, browser)).sid).toBeUndefined()
})

test('sid is the same for a session and client, also after a refresh, and another for others', async () => {
  const [shop, blog] = [await app(BACK), await app(BACK)]
  const { browser, body, sid } = await signIn(shop, undefined, { scope: 'openid offline_access' })
  expect((await signIn(shop, browser)).sid).toBe(sid)
  const refreshed = await shop.refresh(String(body['refresh_token']))
  expect(decodeJwt<{ sid?: string }>(String(refreshed.body['id_token'])).sid).toBe(sid)
  expect((await signIn(blog, browser)).sid).not.toBe(sid)
  expect((await signIn(shop)).sid).not.toBe(sid)
})

test('requests of an app at once, over two servers, in a session that has not seen it yet get one sid', async () => {
  const [other, shop] = [await app({}), await app(BACK)]
  // with offline access, a code outlives the requests that replace its grant in the session
  const scope = 'openid offline_access'
  // the consent is there, so that no request needs an answer
  await signIn(shop, undefined, { scope })
  const { browser } = await signIn(other)
  const [here, there] = [browser.cookies, browser.cookies].map((cookies, at) =>
    person(() => (at === 0 ? first : second)).fork(Object.fromEntries(cookies)),
  ) as [Person, Person]
  const sids = await Promise.all(
    Array.from({ length: 50 }, async (_, at) => {
      const { url, verifier } = shop.begin({ prompt: 'none', scope })
      const tab = at % 2 === 0 ? here : there
      const { code } = answerOf((await tab.visit(url)).left as URL) as { code: string }
      const { body } = await shop.redeem({ code, verifier })
      return decodeJwt<{ sid?: string }>(String(body['id_token'])).sid
    }),
  )
  expect(sids[0]).toEqual(expect.any(String))
  expect(new Set(sids).size).toBe(1)
})

test('a hint with the sid of another session asks before it signs out; one of this session does not', async () => {
  const shop = await app(BACK)
  const elsewhere = await signIn(shop)
  const here = await signIn(shop)
  const leave = (hint: string) => {
    const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: BYE })
    return here.browser.visit(`/logout?${query.toString()}`)
  }
  const page = await leave(elsewhere.idToken)
  expect([page.status, page.left]).toEqual([200, undefined])
  expect(textOf(page.html)).toContain('Sign out?')
  expect((await signIn(shop, here.browser)).sid).toBe(here.sid)
  expect((await leave(here.idToken)).left?.href).toBe(BYE)
})
