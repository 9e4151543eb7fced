/** Which proofs of a running session let a person change how they sign in, each by its own time. */
import { beforeAll, expect, test } from 'vitest'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { enrolPasskey, passkeyRequestOf, submitPasskey } from '../support/live-passkey.ts'
import { asSuperuser } from '../support/postgres.ts'
import { textOf } from '../support/person.ts'
import { startWorld, type World } from './world.ts'

const FORM = 'name="next"'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

test('ASVS 7.5.1: who has a passkey confirms with it: the password alone is not enough, and its page asks for nothing else', async () => {
  const who = await world.somebody()
  const passkey = await enrolPasskey(world.first, who.sub)
  const browser = await world.signedIn(who)
  const page = await world.open(browser, '/password')
  expect(page.html).not.toContain(FORM)
  const asked = await browser.visit('/account/confirm?to=password')
  expect(asked.html).not.toContain('name="password"')
  const back = await submitPasskey(browser, asked, passkey.assertion(passkeyRequestOf(asked)))
  expect(back.url).toMatch(/\/account\/password$/)
  expect(back.html).toContain(FORM)
  await world.age(who, 301)
  expect((await world.open(browser, '/password')).html).not.toContain(FORM)
})

test('ASVS 7.5.1: a code alone, given to an app that asks for two factors, makes nothing fresh of a session with a passkey', async () => {
  const who = await world.somebody()
  const browser = await world.signedIn(who)
  const app = await authenticatorApp(world.first, who.sub)
  await enrolPasskey(world.first, who.sub)
  await world.age(who, 3600)
  const stepUp = world.app.begin({ ui_locales: 'en', scope: 'openid', acr_values: 'urn:signet:acr:mfa' })
  const asked = await browser.visit(stepUp.url)
  expect(textOf(asked.html)).toContain('Enter your code')
  await browser.submit(asked, { code: await app.code() })
  const page = await world.open(browser, '/password')
  expect(page.url).toMatch(/\/account\/password$/)
  expect(page.html).not.toContain(FORM)
})

test('ASVS 7.5.1: in place of a passkey, a password and a code together are enough', async () => {
  const who = await world.somebody()
  const app = await authenticatorApp(world.first, who.sub)
  await enrolPasskey(world.first, who.sub)
  const browser = world.browser()
  const code = await browser.submit(await world.open(browser, '/password'), {
    identifier: who.email,
    password: who.password,
  })
  const page = await browser.submit(code, { code: await app.code() })
  expect(page.html).toContain(FORM)
})

test('ASVS 6.3.3: a passkey is accepted where a code of the app is asked for', async () => {
  const who = await world.somebody()
  await authenticatorApp(world.first, who.sub)
  const passkey = await enrolPasskey(world.first, who.sub)
  const browser = world.browser()
  const code = await browser.submit(await world.open(browser), { identifier: who.email, password: who.password })
  expect(textOf(code.html)).toContain('Enter your code')
  const page = await submitPasskey(browser, code, passkey.assertion(passkeyRequestOf(code)))
  expect(page.url).toMatch(/\/account$/)
})

test('a session that began before the times were kept is asked for a proof, once', async () => {
  const who = await world.somebody()
  const browser = await world.signedIn(who)
  const forget = `UPDATE sessions SET payload = payload - 'provenAt' WHERE account_id = $1`
  await asSuperuser((client) => client.query(forget, [who.sub]), world.first.databaseUrl)
  expect((await world.open(browser, '/password')).html).not.toContain(FORM)
  const asked = await browser.visit('/account/confirm?to=password')
  expect((await browser.submit(asked, { identifier: who.email, password: who.password })).html).toContain(FORM)
})

test('ASVS 7.5.1: options to make a passkey are given after a fresh proof alone', async () => {
  const who = await world.somebody()
  const browser = await world.signedIn(who)
  const fresh = await browser.visit('/account/passkeys/options')
  expect([fresh.status, fresh.headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect(JSON.parse(fresh.html)).toHaveProperty('challenge')
  await world.age(who, 301)
  const stale = await browser.visit('/account/passkeys/options')
  expect([stale.status, stale.html.includes('challenge')]).toEqual([403, false])
})
