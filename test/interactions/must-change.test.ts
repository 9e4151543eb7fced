/** A first password that an administrator chose is replaced before anything is reached with it. */
import { beforeAll, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { type Person, textOf, type Visit } from '../support/person.ts'
import { type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld()
})

async function given(browser: Person): Promise<{ email: string; sub: string; page: Visit }> {
  const who = await world.account({ must_change_password: true })
  const page = await browser.submit(await world.signInPage(browser), { identifier: who.email, password: PASSWORD })
  return { ...who, page }
}

const ASKS = 'Choose your own password'

test('ASVS 6.4.1: the right password leads to the question for another one, and to nothing else', async () => {
  const browser = world.somebody()
  const { email, page } = await given(browser)
  expect([page.status, page.left, textOf(page.html)]).toEqual([200, undefined, expect.stringContaining(ASKS)])
  expect((await browser.visit(world.app.begin().url)).html).toMatch(/name="identifier"/)
  const end = await browser.submit(page, { current: PASSWORD, password: NEW_PASSWORD })
  expect(textOf(end.html)).toContain('Give shop access?')
  expect((await world.mail(email)).subject).toBe('Your password was changed at Signet')
  const again = world.somebody()
  const next = await again.submit(await world.signInPage(again), { identifier: email, password: NEW_PASSWORD })
  expect(textOf(next.html)).toContain('Give shop access?')
})

test('ASVS 6.2.3: the present password is asked for, another one must be chosen, and it must be good enough', async () => {
  const browser = world.somebody()
  let { page } = await given(browser)
  for (const [fields, words] of [
    [{ current: '', password: '' }, 'Enter the password that you just used.'],
    [{ current: 'not my password', password: NEW_PASSWORD }, 'That is not your present password.'],
    [{ current: PASSWORD, password: PASSWORD }, 'That is the present one. Choose another.'],
    [{ current: PASSWORD, password: 'short' }, 'Choose one of 8 to 256 characters.'],
  ] as const) {
    page = await browser.submit(page, fields)
    expect([page.status, textOf(page.html)]).toEqual([422, expect.stringContaining(words)])
  }
  expect(await world.newestEvent('sign_in.failed')).toMatchObject({ reason: 'wrong password' })
  expect(textOf((await browser.submit(page, { current: PASSWORD, password: NEW_PASSWORD })).html)).toContain('access?')
})

test('a second factor is asked for first', async () => {
  const browser = world.somebody()
  const { email, sub } = await world.account({ must_change_password: true })
  const phone = await authenticatorApp(world.server, sub)
  const code = await browser.submit(await world.signInPage(browser), { identifier: email, password: PASSWORD })
  expect(textOf(code.html)).toContain('Open your authenticator app')
  const page = await browser.submit(code, { code: await phone.code() })
  expect(textOf(page.html)).toContain(ASKS)
  const end = await browser.submit(page, { current: PASSWORD, password: NEW_PASSWORD })
  expect(textOf(end.html)).toContain('Give shop access?')
})

test('whoever has not typed the first password does not reach the question', async () => {
  const browser = world.somebody()
  const { page } = await given(browser)
  const other = world.somebody()
  const theirs = await world.signInPage(other)
  const forged = { ...theirs, html: theirs.html.replace('/login"', '/change-password"') }
  const end = await other.submit(forged, { current: PASSWORD, password: NEW_PASSWORD })
  expect([end.status, textOf(end.html)]).toEqual([200, expect.stringContaining('Sign in')])
  const stale = await browser.submit(page, { csrf: 'x', current: PASSWORD, password: NEW_PASSWORD })
  expect([stale.status, textOf(stale.html)]).toEqual([403, expect.stringContaining('open for too long')])
})
