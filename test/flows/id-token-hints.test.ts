/** What an ID token that an app kept is good for: signing out, and asking who is signed in, also when its key is old. */
import { decodeProtectedHeader } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person, type Person, textOf, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example.com/callback'
const BYE = 'https://shop.example.com/bye'
const ada = { email: 'ada@example.com', password: PASSWORD }
const bob = { email: 'bob@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let shop: App
let shopClient: RegisteredClient
let blog: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  for (const who of [ada, bob]) await admin.account(who.email, who.password)
  const members = { redirect_uris: [CALLBACK], post_logout_redirect_uris: [BYE] }
  shopClient = await admin.client('web', { client_name: 'shop', ...members })
  shop = createApp(server, shopClient, CALLBACK)
  blog = createApp(server, await admin.client('web', { client_name: 'blog', ...members }), CALLBACK)
})

async function signedIn(app: App, who = ada): Promise<{ browser: Person; hint: string }> {
  const browser = person(() => server)
  const { body } = await app.redeem(await app.code(browser, who))
  return { browser, hint: String(body['id_token']) }
}

function signOut(browser: Person, params: Record<string, string>): Promise<Visit> {
  const query = new URLSearchParams({ post_logout_redirect_uri: BYE, state: 's1', ...params })
  return browser.visit(`/logout?${query.toString()}`)
}

async function silently(browser: Person, app: App, params: Record<string, string> = {}) {
  return answerOf((await browser.visit(app.begin({ prompt: 'none', ...params }).url)).left as URL)
}

/** The person is asked, and stays here after they have confirmed. */
async function expectQuestionThatLeadsNowhere(browser: Person, page: Visit): Promise<void> {
  expect([page.status, page.left]).toEqual([200, undefined])
  expect(textOf(page.html)).toContain('Sign out?')
  expect(textOf(page.html)).not.toContain('shop')
  expect(await silently(browser, shop)).toHaveProperty('code')
  const done = await browser.submit(page, {}, { name: 'logout', value: 'yes' })
  expect([done.status, done.left]).toEqual([200, undefined])
  expect(textOf(done.html)).toContain('You are signed out')
  expect(await silently(browser, shop)).toMatchObject({ error: 'login_required' })
}

describe('a hint of the running session', () => {
  test('signs out without a question, and leads back to the app', async () => {
    const { browser, hint } = await signedIn(shop)
    const { left } = await signOut(browser, { id_token_hint: hint })
    expect(left?.href).toBe(`${BYE}?state=s1`)
    expect(await silently(browser, shop)).toMatchObject({ error: 'login_required' })
    const [event] = await admin.audit('session.ended')
    expect(event).toMatchObject({ outcome: 'success', reason: 'signed out' })
  })

  test('asks when the app has no part in this session, though the person is the same', async () => {
    const { hint } = await signedIn(shop)
    const { browser } = await signedIn(blog)
    const page = await signOut(browser, { id_token_hint: hint })
    expect(textOf(page.html)).toContain('shop asks for this.')
    expect(await silently(browser, blog)).toHaveProperty('code')
    const { left } = await browser.submit(page, {}, { name: 'logout', value: 'yes' })
    expect(left?.href).toBe(`${BYE}?state=s1`)
  })

  test('asks when another person is signed in', async () => {
    const { hint } = await signedIn(shop)
    const { browser } = await signedIn(shop, bob)
    const page = await signOut(browser, { id_token_hint: hint })
    expect(textOf(page.html)).toContain('Sign out?')
    expect(await silently(browser, shop)).toHaveProperty('code')
  })
})

describe('the sign-in page of a request with a hint', () => {
  const signOutOf = (browser: Person, hint: string) => signOut(browser, { id_token_hint: hint })

  async function offered(browser: Person, params: Record<string, string>, app = shop): Promise<string | undefined> {
    const { html } = await browser.visit(app.begin(params).url)
    return /name="identifier"[^>]*value="([^"]*)"/.exec(html)?.[1]
  }

  test('offers the address of the person where they have signed in before', async () => {
    const { browser, hint } = await signedIn(shop)
    await signOutOf(browser, hint)
    expect(await offered(browser, {})).toBe('')
    expect(await offered(browser, { id_token_hint: hint })).toBe(ada.email)
    expect(await offered(browser, { id_token_hint: hint, login_hint: bob.email })).toBe(bob.email)
  })

  test('offers none where they have not: who holds their ID token may not know their address', async () => {
    const { hint } = await signedIn(shop)
    expect(
      await offered(
        person(() => server),
        { id_token_hint: hint },
      ),
    ).toBe('')
    const { browser } = await signedIn(shop, bob)
    expect(await offered(browser, { id_token_hint: hint })).toBe('')
    expect(await offered(browser, { prompt: 'login' })).toBe(bob.email)
  })

  test('knows the person by a pairwise subject too', async () => {
    const pairwise = await admin.client('web', { redirect_uris: [CALLBACK], subject_type: 'pairwise' })
    const app = createApp(server, pairwise, CALLBACK)
    const { browser, hint } = await signedIn(app)
    expect(await offered(browser, { id_token_hint: hint, prompt: 'login' }, app)).toBe(ada.email)
    await browser.submit(await browser.visit('/logout'), {}, { name: 'logout', value: 'yes' })
    expect(await offered(browser, { id_token_hint: hint }, app)).toBe(ada.email)
  })
})

describe.each([
  ['is no JWT', () => 'x.y.z'],
  ['has a wrong signature', (hint: string) => `${hint.slice(0, -8)}AAAAAAAA`],
  ['is not signed', (hint: string) => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${hint.split('.')[1]}.`],
])('a hint that %s', (_what, change) => {
  test('is the question, and leads nowhere', async () => {
    const { browser, hint } = await signedIn(shop)
    const params = { id_token_hint: change(hint), client_id: shopClient.id }
    await expectQuestionThatLeadsNowhere(browser, await signOut(browser, params))
  })

  test('is login_required with prompt=none', async () => {
    const { browser, hint } = await signedIn(shop)
    const refused = { error: 'login_required', error_description: 'id_token_hint could not be verified' }
    expect(await silently(browser, shop, { id_token_hint: change(hint) })).toMatchObject(refused)
    const [event] = await admin.audit('authorization.refused')
    // with the cause, which is for the log
    const reason = expect.stringMatching(/^login_required: \S/) as string
    expect(event).toMatchObject({ client_id: shopClient.id, outcome: 'failure', reason })
  })
})

test('a hint that cannot be verified is login_required with prompt=none in a pushed request too', async () => {
  const { params } = shop.begin({ prompt: 'none', id_token_hint: 'x.y.z' })
  const { status, body } = await shop.push(params)
  expect([status, body]).toEqual([
    400,
    { error: 'login_required', error_description: 'id_token_hint could not be verified' },
  ])
  const [event] = await admin.audit('endpoint.refused')
  const reason = expect.stringMatching(/^login_required: \S/) as string
  expect(event).toMatchObject({ client_id: shopClient.id, outcome: 'failure', reason })
})

test('a hint of a deleted client is the question, and leads nowhere', async () => {
  const gone = await admin.client('web', { redirect_uris: [CALLBACK], post_logout_redirect_uris: [BYE] })
  const { hint } = await signedIn(createApp(server, gone, CALLBACK))
  await admin.call('DELETE', `/clients/${gone.id}`)
  const { browser } = await signedIn(shop)
  await expectQuestionThatLeadsNowhere(browser, await signOut(browser, { id_token_hint: hint }))
})

test('an unverified hint of nobody signed in shows that nobody is', async () => {
  const page = await signOut(
    person(() => server),
    { id_token_hint: 'x.y.z' },
  )
  expect([page.status, page.left]).toEqual([200, undefined])
  expect(textOf(page.html)).toContain('You are signed out')
})

describe('a hint whose key was archived', () => {
  let browser: Person
  let hint: string
  let kid: string

  beforeEach(async () => {
    const made = await signedIn(shop)
    browser = made.browser
    hint = made.hint
    kid = String(decodeProtectedHeader(hint).kid)
    await admin.call('POST', '/keys/rotate', { alg: 'RS256' })
    const past = `UPDATE signing_keys SET retired_at = now() - interval '26 hours' WHERE status = 'retired'`
    await asSuperuser((db) => db.query(past), server.databaseUrl)
    await server.stop()
    await server.restart()
    const { keys } = (await (await server.fetch('/jwks')).json()) as { keys: { kid: string }[] }
    expect(keys.map((key) => key.kid)).not.toContain(kid)
  })

  test('signs out without a question, and tells with prompt=none who is signed in', async () => {
    expect(await silently(browser, shop, { id_token_hint: hint })).toHaveProperty('code')
    expect((await signOut(browser, { id_token_hint: hint })).left?.href).toBe(`${BYE}?state=s1`)
    expect(await silently(browser, shop)).toMatchObject({ error: 'login_required' })
  })

  test('is verified no more once the key was revoked', async () => {
    const { items } = await admin.call<{ items: { kid: string; status: string }[] }>('GET', '/keys')
    expect(items).toContainEqual(expect.objectContaining({ kid, status: 'archived' }))
    await admin.call('DELETE', `/keys/${kid}`)
    expect(await silently(browser, shop, { id_token_hint: hint })).toMatchObject({ error: 'login_required' })
    await expectQuestionThatLeadsNowhere(browser, await signOut(browser, { id_token_hint: hint }))
  })
})
