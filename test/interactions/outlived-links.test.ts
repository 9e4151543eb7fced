/** Links from mails end with what they were sent for: the address and the state of the account. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { addPasskey, atOwnPage, newPassword } from '../support/own-page.ts'
import { textOf } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld()
  await world.set('open')
})

interface Somebody {
  readonly sub: string
  readonly email: string
}

/** What ends all links of an account. */
const CHANGES: Readonly<Record<string, (who: Somebody) => Promise<unknown>>> = {
  'the address was changed, and changed back': async ({ sub, email }) => {
    await world.admin.call('PATCH', `/accounts/${sub}`, { email: world.address() })
    await world.admin.call('PATCH', `/accounts/${sub}`, { email })
  },
  'the account was disabled and enabled again': async ({ sub }) => {
    await world.admin.call('POST', `/accounts/${sub}/disable`)
    await world.admin.call('POST', `/accounts/${sub}/enable`)
  },
  'another link was used': ({ email }) => resetPassword(email),
  'an authenticator app was set up': ({ sub }) => authenticatorApp(world.server, sub),
}
const OWN_CHANGES: typeof CHANGES = {
  'the person changed their password': async ({ email }) =>
    (await ownPage(email)).send('/password', 'name="next"', newPassword({ who: { email, password: PASSWORD } })),
  'the person added a passkey': async ({ email }) => addPasskey({ first: world.server }, await ownPage(email)),
}

const ownPage = (email: string) => atOwnPage({ first: world.server }, { who: { email, password: PASSWORD } })

/** Resets the password as somebody who forgot it. */
async function resetPassword(email: string) {
  const browser = world.somebody()
  const end = await browser.submit(await world.prove(browser, 'reset', email), { password: NEW_PASSWORD })
  expect(end.status).toBe(200)
}

async function invite() {
  const email = world.address()
  const { sub } = await world.admin.call<{ sub: string }>('POST', '/accounts', { email })
  await world.admin.call('POST', `/accounts/${sub}/invite`)
  return { sub, email, link: (await world.mail(email)).link }
}

describe.each(Object.keys({ ...CHANGES, ...OWN_CHANGES }))('after %s', (what) => {
  const change = (who: Somebody) => ({ ...CHANGES, ...OWN_CHANGES })[what]?.(who)

  test('a reset that waits is refused, whether its link was opened before or not', async () => {
    const who = await world.account()
    const [opened, unopened] = [
      await world.openLink(await world.resetLink(who.email)),
      await world.resetLink(who.email),
    ]
    await change(who)
    const late = await opened.browser.submit(opened.page, { password: 'a thief would choose this' })
    expect([late.status, textOf(late.html)]).toEqual([410, expect.stringContaining('does not work any more')])
    expect((await world.openLink(unopened)).page.status).toBe(410)
    expect(await world.newestEvent('email_code.refused')).toMatchObject({
      reason: 'the account has changed since',
      account_id: who.sub,
    })
  })
})

describe.each(Object.keys(CHANGES))('after %s', (what) => {
  test('an invitation is refused', async () => {
    const { link, ...who } = await invite()
    const browser = world.somebody()
    const page = await browser.visit(link)
    expect(page.status).toBe(200)
    await CHANGES[what]?.(who)
    const ends = [await browser.visit(link), await browser.submit(page, { name: 'Eve', password: PASSWORD })]
    for (const end of ends) {
      expect([end.status, textOf(end.html)]).toEqual([410, expect.stringContaining('does not work any more')])
    }
  })
})

test('a name that an administrator corrects ends no link', async () => {
  const who = await world.account()
  const link = await world.resetLink(who.email)
  await world.admin.call('PATCH', `/accounts/${who.sub}`, { name: 'Ada L.' })
  expect((await world.openLink(link)).page.status).toBe(200)
})

test('an accepted invitation is announced by mail to its address', async () => {
  const { link, sub, email } = await invite()
  const browser = world.somebody()
  await browser.submit(await browser.visit(link), { name: 'Ada', password: NEW_PASSWORD })
  expect((await world.mail(email, 2)).subject).toBe('Your invitation was accepted at Signet')
  expect(await world.newestEvent('account.updated')).toMatchObject({ account_id: sub, actor: { id: sub } })
})

test('whoever can sign in by a passkey alone cannot be invited', async () => {
  const { sub, email } = await world.account()
  await addPasskey({ first: world.server }, await ownPage(email))
  const text = 'DELETE FROM password_credentials WHERE account_sub = $1'
  await asSuperuser((db) => db.query(text, [sub]), world.server.databaseUrl)
  const answer = await world.admin.ask('POST', `/accounts/${sub}/invite`)
  expect(answer).toMatchObject({
    status: 409,
    body: {
      code: 'account_in_use',
      detail: 'The person can sign in to this account already; start a password reset instead.',
    },
  })
  expect(await world.newestEvent('admin.refused')).toMatchObject({ reason: 'account_in_use' })
})

test('whoever asks for a reset soon after an administrator changed the address is told when it is possible', async () => {
  const { sub } = await world.account()
  const email = world.address()
  await world.admin.call('PATCH', `/accounts/${sub}`, { email })
  const browser = world.somebody()
  const page = await world.ask(browser, 'reset', email)
  expect(await world.mail(email)).toMatchObject({
    subject: "You can't reset your password for Signet yet",
    text: expect.stringContaining('a password reset has to wait'),
    code: '',
    link: '',
  })
  expect(await world.newestEvent('email_code.requested')).toMatchObject({
    outcome: 'failure',
    reason: 'the address was changed by an administrator lately',
    account_id: sub,
  })
  const end = await browser.submit(page, { code: '12345678' })
  expect([end.status, textOf(end.html)]).toEqual([422, expect.stringContaining('That code is not right')])
})

describe('when registration.mode is set to off', () => {
  test('links of registrations and invitations end for good, also those that were opened; resets go on', async () => {
    const { link: invitation } = await invite()
    const [email, other] = [world.address(), world.address()]
    const registering = world.somebody()
    const proven = await world.prove(registering, 'register', email)
    await world.ask(world.somebody(), 'register', other)
    const { link: registration } = await world.mail(other)
    const reset = await world.resetLink((await world.account()).email)
    await world.set('off')
    await world.set('open')
    expect((await world.somebody().visit(invitation)).status).toBe(410)
    expect((await world.openLink(registration)).page.status).toBe(410)
    const late = await registering.submit(proven, { name: 'Eve', password: NEW_PASSWORD })
    expect(late.status).toBe(422)
    expect(await world.admin.call('GET', `/accounts?email=${email}`)).toMatchObject({ items: [] })
    expect((await world.openLink(reset)).page.status).toBe(200)
  })

  test('an invitation is refused while it is off', async () => {
    const { link } = await invite()
    await world.set('off')
    expect((await world.somebody().visit(link)).status).toBe(410)
    await world.set('open')
  })

  test('set to invited, it ends registrations and leaves invitations', async () => {
    const { link } = await invite()
    const email = world.address()
    await world.ask(world.somebody(), 'register', email)
    const { link: registration } = await world.mail(email)
    await world.set('invited')
    await world.set('open')
    expect((await world.openLink(registration)).page.status).toBe(410)
    expect((await world.somebody().visit(link)).status).toBe(200)
  })
})
