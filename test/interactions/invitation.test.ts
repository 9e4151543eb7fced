/** An administrator invites, the invited person chooses name and password; on a live server with real mail. */
import { beforeAll, expect, test } from 'vitest'
import { runSignet } from '../cli/support/signet.ts'
import { PASSWORD } from '../support/administrator.ts'
import { textOf } from '../support/person.ts'
import { type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld()
  await world.set('invited')
})

const GONE = 'This link does not work any more It works once, and for seven days.'

async function invite(also: readonly string[] = []) {
  const email = world.address()
  const ran = await signet('accounts', 'invite', '--email', email, '--json', ...also)
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  const { sub } = JSON.parse(ran.stdout) as { sub: string }
  return { email, sub, ...(await world.mail(email)) }
}

function signet(...args: string[]) {
  const { issuer, keysDir } = world.server
  return runSignet(args, { dir: keysDir, env: { SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: keysDir } })
}

const read = (sub: string) => world.admin.call<Record<string, unknown>>('GET', `/accounts/${sub}`)

test('the invited person chooses name and password by the link, and can sign in then', async () => {
  const { email, sub, link, subject } = await invite(['--name', 'A. L.'])
  expect(subject).toBe('Your invitation to Signet')
  expect(link).toMatch(new RegExp(`^${world.server.issuer}/invitation\\?token=inv-[\\w-]{43}$`))
  const browser = world.somebody()
  const page = await browser.visit(link)
  expect(textOf(page.html)).toContain(`You are invited This makes the account of ${email} yours.`)
  expect(page.html).toContain('value="A. L."')
  const weak = await browser.submit(page, { name: 'Ada', password: 'short' })
  expect([weak.status, textOf(weak.html)]).toEqual([422, expect.stringContaining('Choose one of 8 to 256 characters.')])
  const end = await browser.submit(weak, { name: 'Ada Lovelace', password: NEW_PASSWORD })
  expect(textOf(end.html)).toContain('Your account is ready')
  expect(await read(sub)).toMatchObject({ name: 'Ada Lovelace', email_verified: true })
  expect(await world.newestEvent('password.reset')).toMatchObject({ actor: { kind: 'account', id: sub } })
  const left = await world.somebody().authorize(world.app.begin().url, { email, password: NEW_PASSWORD })
  expect(left.searchParams.get('code')).toMatch(/.+/)
})

test('ASVS 6.4.1, V31, V32: its link works once, and for nothing else', async () => {
  const { link, email } = await invite()
  const browser = world.somebody()
  for (const path of ['/reset-password', '/confirm-email']) {
    const end = await browser.submit(await browser.visit(link.replace('/invitation', path)), {})
    expect([end.status, textOf(end.html)]).toEqual([410, expect.stringContaining('This link does not work any more')])
  }
  const page = await browser.visit(link)
  await browser.submit(page, { name: 'Ada', password: NEW_PASSWORD })
  for (const again of [await browser.visit(link), await browser.submit(page, { name: 'Eve', password: PASSWORD })]) {
    expect([again.status, textOf(again.html)]).toEqual([410, expect.stringContaining(GONE)])
  }
  const left = await world.somebody().authorize(world.app.begin().url, { email, password: NEW_PASSWORD })
  expect(left.searchParams.get('code')).toMatch(/.+/)
})

test('sent at once by many, the form of an invitation counts once', async () => {
  const { link } = await invite()
  const browser = world.somebody()
  const page = await browser.visit(link)
  const passwords = Array.from({ length: 6 }, (_, index) => `${NEW_PASSWORD} ${index}`)
  const ends = await Promise.all(passwords.map((password) => browser.fork().submit(page, { name: 'Ada', password })))
  expect(ends.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([
    200, 410, 410, 410, 410, 410,
  ])
})

test('a disabled account is nobody to be invited by an old link', async () => {
  const { link, sub } = await invite()
  await world.admin.call('POST', `/accounts/${sub}/disable`)
  expect((await world.somebody().visit(link)).status).toBe(410)
})

test('an account that waits is invited anew; while registration is off nobody is, and no account is left behind', async () => {
  const { email, sub } = await invite()
  expect(await signet('accounts', 'invite', '--email', email)).toMatchObject({
    code: 0,
    stdout: `Invited ${email}. The link in the mail works once, for seven days.\n`,
  })
  await world.mail(email, 2)
  expect(await read(sub)).toMatchObject({ email })
  await world.set('off')
  const other = world.address()
  const refused = await signet('accounts', 'invite', '--email', other)
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('registration.mode is off')])
  expect(await world.admin.call('GET', `/accounts?email=${other}`)).toMatchObject({ items: [] })
  await world.set('invited')
})

test('ASVS 6.4.6: signet accounts reset-password sends a link and no code, by which the owner chooses', async () => {
  const { email, sub } = await world.account()
  expect(await signet('accounts', 'reset-password', email)).toMatchObject({
    code: 0,
    stdout: `Sent a mail to the owner of ${email}. The link in it works once, for ten minutes.\n`,
  })
  const { code, link } = await world.mail(email)
  expect(code).toBe('')
  const browser = world.somebody()
  const page = await browser.submit(await browser.visit(link), {})
  expect(textOf((await browser.submit(page, { password: NEW_PASSWORD })).html)).toContain('Your password is changed')
  expect(await world.newestEvent('password.reset')).toMatchObject({ account_id: sub })
})
