/** Which account a person continues with: the one that is signed in, or another. */
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person, type Person, press, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'
import { fieldOf } from './world.ts'

const CALLBACK = 'https://shop.example/cb'
const ada = { email: 'ada@example.com', password: PASSWORD }
const bob = { email: 'bob@example.com', password: PASSWORD }
const ALLOW = { name: 'decision', value: 'allow' }
let server: Server
let admin: Administrator
let client: RegisteredClient
let app: App
const subs: Record<string, string> = {}

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  for (const { email, password } of [ada, bob]) subs[email] = await admin.account(email, password)
  client = await admin.client('web', { client_name: 'shop', redirect_uris: [CALLBACK] })
  app = createApp(server, client, CALLBACK)
})

async function signedIn(who = ada): Promise<Person> {
  const browser = person(() => server)
  await app.code(browser, who)
  return browser
}

/** The account of the ID token that the answer of a sign-in leads to. */
async function subjectOf(left: URL | undefined, verifier: string): Promise<string | undefined> {
  const { body } = await app.redeem({ code: String(answerOf(left as URL)['code']), verifier })
  return decodeJwt(String(body['id_token'])).sub
}

async function session(browser: Person): Promise<string | undefined> {
  const { url, verifier } = app.begin({ prompt: 'none' })
  return subjectOf((await browser.visit(url)).left, verifier)
}

describe('prompt=select_account', () => {
  test('asks who continues, and goes on with the person who is signed in without another sign-in', async () => {
    const browser = await signedIn()
    const { url, verifier } = app.begin({ prompt: 'select_account' })
    const page = await browser.visit(url)
    expect(textOf(page.html)).toContain('Choose an account')
    expect(textOf(page.html)).toContain(`Continue as ${ada.email}`)
    const { left } = await press(browser, page, '/select-account"')
    expect(await subjectOf(left, verifier)).toBe(subs[ada.email])
  })

  test('goes on with another person, whose sign-in ends the session before', async () => {
    const browser = await signedIn()
    const { url, verifier } = app.begin({ prompt: 'select_account' })
    const signIn = await press(browser, await browser.visit(url), '/another-account"')
    expect(fieldOf(signIn, 'identifier')).toBe('')
    expect(await session(browser)).toBe(subs[ada.email])
    const page = await press(browser, signIn, '/login"', { identifier: bob.email, password: PASSWORD })
    const { left } = /name="decision"/.test(page.html) ? await browser.submit(page, {}, ALLOW) : page
    expect(await subjectOf(left, verifier)).toBe(subs[bob.email])
    expect(await session(browser)).toBe(subs[bob.email])
    const [event] = await admin.audit('session.ended')
    expect(event).toMatchObject({ account_id: subs[ada.email], outcome: 'success' })
  })

  test('of a person who is not signed in is the sign-in page, and that alone', async () => {
    const browser = person(() => server)
    await signedIn()
    const { url, verifier } = app.begin({ prompt: 'select_account' })
    const page = await browser.visit(url)
    expect(page.html).toContain('name="password"')
    const { left } = await press(browser, page, '/login"', { identifier: ada.email, password: PASSWORD })
    expect(await subjectOf(left, verifier)).toBe(subs[ada.email])
  })

  test('offers no account that was disabled meanwhile', async () => {
    const email = 'gone@example.com'
    const sub = await admin.account(email, PASSWORD)
    const browser = await signedIn({ email, password: PASSWORD })
    await admin.call('POST', `/accounts/${sub}/disable`)
    const page = await browser.visit(app.begin({ prompt: 'select_account' }).url)
    expect(page.html).toContain('name="password"')
    expect(page.html).not.toContain(email)
  })

  test.each([
    ['consent', /Give shop access\?/],
    ['login', /asks you to sign in once more/],
  ])('goes before %s, which is asked too', async (also, shown) => {
    const browser = await signedIn()
    const page = await browser.visit(app.begin({ prompt: `${also} select_account` }).url)
    expect(textOf(page.html)).toContain('Choose an account')
    expect(textOf((await press(browser, page, '/select-account"')).html)).toMatch(shown)
  })

  test('is left by way of the app, where nothing was chosen', async () => {
    const browser = await signedIn()
    const page = await browser.visit(app.begin({ prompt: 'select_account' }).url)
    const { left } = await press(browser, page, '/cancel"')
    expect(answerOf(left as URL)).toMatchObject({
      error: 'access_denied',
      error_description: 'the person did not allow the request',
    })
    const [event] = await admin.audit('consent.denied')
    expect(event).toMatchObject({ client_id: client.id, account_id: subs[ada.email] })
    expect(await session(browser)).toBe(subs[ada.email])
  })
})

test.each(['select-account', 'another-account'])('a forged form for %s chooses nothing', async (step) => {
  const browser = await signedIn()
  const page = await browser.visit(app.begin({ prompt: 'select_account' }).url)
  const forged = await press(browser, page, `/${step}"`, { csrf: 'x' })
  expect(forged.left).toBeUndefined()
  expect(textOf(forged.html)).toContain(`Continue as ${ada.email}`)
  const [event] = await admin.audit('authorization.refused')
  expect(event).toMatchObject({
    client_id: client.id,
    reason: 'the form was not made by a page of this interaction in this browser',
  })
})

test('at consent, a person who is not the one that is signed in goes on as themselves and decides alone', async () => {
  const browser = await signedIn()
  const { url, verifier } = app.begin({ scope: 'openid profile email', prompt: 'consent' })
  const consent = await browser.visit(url)
  expect(textOf(consent.html)).toContain('Not you? Use another account')
  const signIn = await browser.submit(consent, {}, { name: 'another', value: 'yes' })
  const asked = await press(browser, signIn, '/login"', { identifier: bob.email, password: PASSWORD })
  expect(textOf(asked.html)).toContain('Give shop access?')
  expect(textOf(asked.html)).toContain(bob.email)
  expect(textOf(asked.html)).not.toContain(ada.email)
  const { left } = await browser.submit(asked, {}, ALLOW)
  expect(await subjectOf(left, verifier)).toBe(subs[bob.email])
  const scopeOf = async (sub: string | undefined) =>
    (await admin.call<{ items: { scope: string }[] }>('GET', `/accounts/${sub}/grants`)).items.map(({ scope }) =>
      scope.split(' ').toSorted().join(' '),
    )
  expect(await scopeOf(subs[bob.email])).toContain('email openid profile')
  expect(await scopeOf(subs[ada.email])).not.toContain('email openid profile')
})

test('with prompt=login the address that the app hints at stands in the field, or else that of the session', async () => {
  const browser = await signedIn()
  const hinted = await browser.visit(app.begin({ prompt: 'login', login_hint: bob.email }).url)
  expect(fieldOf(hinted, 'identifier')).toBe(bob.email)
  const plain = await browser.visit(app.begin({ prompt: 'login' }).url)
  expect(fieldOf(plain, 'identifier')).toBe(ada.email)
})
