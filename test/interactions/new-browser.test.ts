/** People are told by mail of a sign-in with a browser that their account is not known in. */
import { beforeAll, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { eventually } from '../support/eventually.ts'
import type { Person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type MailWorld, startMailWorld } from './mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld()
})

async function accountOf(hours: number, also: Record<string, unknown> = {}) {
  const account = await world.account(also)
  await asSuperuser(
    (db) =>
      db.query(`UPDATE accounts SET created_at = now() - $2 * interval '1 hour' WHERE sub = $1`, [account.sub, hours]),
    world.server.databaseUrl,
  )
  return account
}

async function signIn(browser: Person, email: string, password = PASSWORD) {
  return browser.submit(await world.signInPage(browser), { identifier: email, password })
}

const mailsTo = (email: string) => world.smtp.taken.filter(({ to }) => to.includes(email)).map(({ parsed }) => parsed)

/** Waits until as many mails came, and then for one to somebody else, which leaves after all that were queued before. */
async function mailsAfterAll(email: string, count: number) {
  await eventually(() => mailsTo(email).length >= count)
  const other = await accountOf(2)
  await signIn(world.somebody(), other.email)
  await eventually(() => mailsTo(other.email).length === 1)
  return mailsTo(email)
}

test('each browser is announced once, with time, address and language of the account', async () => {
  const { email } = await accountOf(2, { locale: 'ko' })
  const [one, other] = [world.somebody(), world.somebody()]
  await signIn(world.somebody(), email, 'not the password')
  for (const browser of [one, one, other, one, other]) await signIn(browser, email)
  const mails = await mailsAfterAll(email, 2)
  expect(mails.map(({ subject }) => subject)).toEqual(
    Array.from({ length: 2 }, () => 'Signet 계정에 새로 로그인했어요'),
  )
  expect(mails[0]?.text).toContain('새 브라우저에서 로그인했어요')
  expect(mails[0]?.text).toContain('127.0.0.1')
  expect(mails[0]?.text).toContain(`${world.server.issuer}/account/sessions`)
})

test('a browser in which the password alone was given is not announced before the second factor is', async () => {
  const { email, sub } = await accountOf(2)
  const phone = await authenticatorApp(world.server, sub)
  const browser = world.somebody()
  const page = await signIn(browser, email)
  expect(await mailsAfterAll(email, 0)).toEqual([])
  await browser.submit(page, { code: await phone.code() })
  const [mail] = await mailsAfterAll(email, 1)
  expect(mail?.subject).toBe('New sign-in at Signet')
})

test('the first browser of a new account is no news', async () => {
  const { email } = await accountOf(0)
  await signIn(world.somebody(), email)
  expect(await mailsAfterAll(email, 0)).toEqual([])
})
