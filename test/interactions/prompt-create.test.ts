/** An app sends people who are new here straight to a new account (Initiating User Registration 1.0). */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { answerOf, type Person, textOf, type Visit } from '../support/person.ts'
import { linkOf, type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

const ALLOW = { name: 'decision', value: 'allow' }
const CREATE = { prompt: 'create', ui_locales: 'en' }
let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld()
  await world.set('open')
})

async function created(browser: Person, page: Visit, email: string): Promise<Visit> {
  const code = await browser.submit(page, { email })
  const last = await browser.submit(code, { code: (await world.mail(email)).code })
  return browser.submit(last, { name: 'Grace Hopper', password: NEW_PASSWORD })
}

async function subjectOf({ left }: Visit, verifier: string): Promise<string | undefined> {
  const { body } = await world.app.redeem({ code: String(answerOf(left as URL)['code']), verifier })
  return decodeJwt(String(body['id_token'])).sub
}

const prompts = async () => {
  const answer = await world.server.fetch('/.well-known/openid-configuration')
  return ((await answer.json()) as Record<string, unknown>)['prompt_values_supported']
}

test('prompt=create shows the page for a new account first, and goes on to the app with it', async () => {
  const browser = world.somebody()
  const { url, verifier } = world.app.begin(CREATE)
  const page = await browser.visit(url)
  expect(textOf(page.html)).toContain('Create an account')
  expect(page.html).not.toContain('type="password"')
  const email = world.address()
  const done = await browser.submit(await created(browser, page, email), {}, ALLOW)
  const sub = await subjectOf(done, verifier)
  const { items } = await world.admin.call<{ items: unknown[] }>('GET', `/accounts?email=${encodeURIComponent(email)}`)
  expect(items).toMatchObject([{ sub, email, name: 'Grace Hopper' }])
  expect(await prompts()).toEqual(['none', 'create', 'select_account', 'login', 'consent'])
})

test('a person who is signed in already gets a new account too, and their session ends with it', async () => {
  const { email, sub } = await world.account()
  const browser = world.somebody()
  await world.app.code(browser, { email, password: 'correct horse battery staple' })
  const { url, verifier } = world.app.begin(CREATE)
  const page = await browser.visit(url)
  expect(textOf(page.html)).toContain('Create an account')
  const done = await browser.submit(await created(browser, page, world.address()), {}, ALLOW)
  expect(await subjectOf(done, verifier)).not.toBe(sub)
  expect(await world.newestEvent('session.ended')).toMatchObject({
    account_id: sub,
    reason: 'another person signed in',
  })
})

test('who has an account signs in instead', async () => {
  const { email, sub } = await world.account()
  const browser = world.somebody()
  const { url, verifier } = world.app.begin(CREATE)
  const page = await browser.visit(url)
  const signIn = await browser.visit(new URL(linkOf(page, 'Back to sign-in'), page.url).href)
  expect(signIn.html).toContain('type="password"')
  // the way to a new account stays open
  expect(linkOf(signIn, 'Create an account')).toMatch(/\/register$/)
  const wrong = await browser.submit(signIn, { identifier: email, password: 'not this one' })
  expect(wrong.status).toBe(422)
  const consent = await browser.submit(wrong, { identifier: email, password: 'correct horse battery staple' })
  expect(await subjectOf(await browser.submit(consent, {}, ALLOW), verifier)).toBe(sub)
})

test('where people cannot register by themselves the value is refused, and not advertised', async () => {
  await world.set('invited')
  const description = 'prompt create is not supported now: people cannot register by themselves here'
  const { left } = await world.somebody().visit(world.app.begin(CREATE).url)
  expect(answerOf(left as URL)).toMatchObject({ error: 'invalid_request', error_description: description })
  expect(await world.newestEvent('authorization.refused')).toMatchObject({
    outcome: 'failure',
    reason: `invalid_request: ${description}`,
  })
  expect(await prompts()).toEqual(['none', 'select_account', 'login', 'consent'])
  await world.set('open')
})

test('a sign-in that began with it goes on by a sign-in when registration closes meanwhile', async () => {
  const { email } = await world.account()
  const browser = world.somebody()
  const page = await browser.visit(world.app.begin(CREATE).url)
  await world.set('off')
  const signIn = await browser.submit(page, { email: world.address() })
  expect(signIn.html).toContain('type="password"')
  const consent = await browser.submit(signIn, { identifier: email, password: 'correct horse battery staple' })
  expect((await browser.submit(consent, {}, ALLOW)).left?.searchParams.has('code')).toBe(true)
  await world.set('open')
})
