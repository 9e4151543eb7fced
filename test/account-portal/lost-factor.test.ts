/** What a person proves in place of a passkey or authenticator app that they lost, and how long that takes. */
import { beforeAll, describe, expect, test } from 'vitest'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { codeIn } from '../support/dev-mail.ts'
import { DELIVERED_MS, eventually } from '../support/eventually.ts'
import { enrolPasskey, passkeyRequestOf, submitPasskey } from '../support/live-passkey.ts'
import { type Person, textOf, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Somebody, startWorld, type World } from './world.ts'

const FORM = 'name="next"'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

/** A person with a passkey that they cannot use, and their session. */
async function withLostPasskey(): Promise<{ who: Somebody; browser: Person }> {
  const who = await world.somebody()
  await enrolPasskey(world.first, who.sub)
  return { who, browser: await world.signedIn(who) }
}

const lost = (browser: Person) => world.open(browser, '/lost')

/** Proves the password, and waits for the code that is sent then. */
async function codeFor(who: Somebody, browser: Person): Promise<{ page: Visit; code: string }> {
  const codes = async () => (await world.mails(who)).filter(({ subject }) => subject.startsWith('Your code'))
  const before = (await codes()).length
  const page = await world.press(browser, await lost(browser), 'value="password"', { password: who.password })
  await eventually(async () => (await codes()).length > before)
  return { page, code: codeIn((await codes())[0]?.text ?? '') }
}

/** Proves the password and the mailed code. */
async function prove(who: Somebody, browser: Person): Promise<Visit> {
  const { page, code } = await codeFor(who, browser)
  return world.press(browser, page, 'value="code"', { code })
}

/** The delay of the account's request is over. */
async function pass({ sub }: Somebody): Promise<void> {
  const over = `UPDATE lost_factor_requests SET ready_at = now() - interval '1 second' WHERE account_sub = $1`
  await asSuperuser((client) => client.query(over, [sub]), world.first.databaseUrl)
}

const isFresh = async (browser: Person) => (await world.open(browser, '/password')).html.includes(FORM)

describe('ASVS 6.4.4: a password and a code by mail stand in for a lost method', () => {
  test('after a day, of which the owner is told, and for five minutes', async () => {
    const { who, browser } = await withLostPasskey()
    expect((await world.open(browser, '/password')).html).toContain('/account/lost"')
    const begun = await prove(who, browser)
    expect(textOf(begun.html)).toContain('Please wait until the time below')
    expect(begun.html).not.toContain('name="password"')
    expect(await isFresh(browser)).toBe(false)
    expect(await world.event(who, 'lost_factor.requested')).toMatchObject({
      outcome: 'success',
      actor: { kind: 'account', id: who.sub },
    })
    const told = 'A change without your passkey or authenticator app was requested at Signet'
    await eventually(async () => (await world.mails(who)).some(({ subject }) => subject === told), DELIVERED_MS)
    expect((await world.mails(who)).find(({ subject }) => subject === told)?.text).toContain('/account/lost')

    await pass(who)
    const done = await prove(who, browser)
    expect([done.url, textOf(done.html)]).toEqual([
      `${world.first.issuer}/account?done=lostConfirmed`,
      expect.stringContaining('For five minutes you can change how you sign in.'),
    ])
    expect(await world.event(who, 'lost_factor.confirmed')).toMatchObject({ outcome: 'success' })
    expect(await isFresh(browser)).toBe(true)
    const removed = await world.press(browser, await world.open(browser, '/passkeys'), 'value="remove"', {
      passkey: 'remove',
    })
    expect(textOf(removed.html)).toContain('You have no passkey yet.')
    await world.age(who, 301)
    expect(await isFresh(browser)).toBe(false)
  })

  test('the delay is a setting', async () => {
    await world.admin.call('PATCH', '/settings', { limits: { lost_factor_delay_seconds: 7200 } })
    const { who, browser } = await withLostPasskey()
    expect(textOf((await lost(browser)).html)).toContain('This takes 2 hours')
    await prove(who, browser)
    const left = `SELECT extract(epoch FROM ready_at - requested_at)::int AS seconds FROM lost_factor_requests WHERE account_sub = $1`
    const { rows } = await asSuperuser((client) => client.query(left, [who.sub]), world.first.databaseUrl)
    await world.admin.call('PATCH', '/settings', { limits: { lost_factor_delay_seconds: null } })
    expect(rows).toEqual([{ seconds: 7200 }])
  })

  test('not before: what is proven again while it waits changes nothing, also in two tabs at once', async () => {
    const { who, browser } = await withLostPasskey()
    const { page, code } = await codeFor(who, browser)
    await Promise.all([0, 1].map(() => world.press(browser.fork(), page, 'value="code"', { code })))
    const begun = (await world.admin.audit('lost_factor.requested')).filter((event) => event['account_id'] === who.sub)
    expect(begun).toHaveLength(1)
    const other = await world.signedIn(who)
    const again = await world.press(other, page, 'value="code"', { code })
    expect(again.status).toBe(403)
    expect([await isFresh(browser), await isFresh(other)]).toEqual([false, false])
    expect(await world.event(who, 'lost_factor.confirmed')).toBeUndefined()
  })

  test('not with a wrong password, which sends no mail, nor with a wrong code', async () => {
    const { who, browser } = await withLostPasskey()
    const refused = await world.press(browser, await lost(browser), 'value="password"', { password: 'not this one' })
    expect([refused.status, textOf(refused.html)]).toEqual([422, expect.stringContaining('That is not your password.')])
    expect(await world.event(who, 'email_code.requested')).toBeUndefined()
    expect(await world.event(who, 'sign_in.failed')).toMatchObject({ reason: 'wrong password' })
    const { page, code } = await codeFor(who, browser)
    const wrong = await world.press(browser, page, 'value="code"', {
      code: code === '00000000' ? '11111111' : '00000000',
    })
    expect([wrong.status, textOf(wrong.html)]).toEqual([422, expect.stringContaining('That code is wrong')])
    expect(await world.event(who, 'lost_factor.requested')).toBeUndefined()
  })

  test('not after the owner has cancelled it, used the method, or been disabled meanwhile', async () => {
    const { who, browser } = await withLostPasskey()
    await prove(who, browser)
    const cancelled = await world.press(browser, await lost(browser), 'value="cancel"')
    expect(textOf(cancelled.html)).toContain('The request is cancelled.')
    expect(await world.event(who, 'lost_factor.cancelled')).toMatchObject({ outcome: 'success' })

    await prove(who, browser)
    const passkey = await enrolPasskey(world.first, who.sub)
    await pass(who)
    // another way to sign in ends it
    expect(textOf((await lost(browser)).html)).not.toContain('The waiting time is over.')

    await prove(who, browser)
    const elsewhere = world.browser()
    const page = await world.open(elsewhere)
    await submitPasskey(elsewhere, page, passkey.assertion(passkeyRequestOf(page)))
    await pass(who)
    expect(textOf((await lost(browser)).html)).not.toContain('The waiting time is over.')

    await prove(who, browser)
    await world.admin.call('POST', `/accounts/${who.sub}/disable`)
    await world.admin.call('POST', `/accounts/${who.sub}/enable`)
    await pass(who)
    expect(textOf((await lost(await world.signedIn(who))).html)).not.toContain('The waiting time is over.')
  })
})

test('ASVS 6.4.4: a recovery code stands in for a lost method at once', async () => {
  const who = await world.somebody()
  const browser = await world.signedIn(who)
  const { paper } = await authenticatorApp(world.first, who.sub)
  expect(await isFresh(browser)).toBe(false)
  const wrong = await world.press(browser, await lost(browser), 'value="recovery"', { recovery: 'AAAA-AAAA-AAAA' })
  expect([wrong.status, textOf(wrong.html)]).toEqual([422, expect.stringContaining('That code is wrong or was used')])
  const done = await world.press(browser, wrong, 'value="recovery"', { recovery: String(paper[0]) })
  expect(textOf(done.html)).toContain('For five minutes you can change how you sign in.')
  expect(await isFresh(browser)).toBe(true)
  const spent = await world.press(browser, await lost(browser), 'value="recovery"', { recovery: String(paper[0]) })
  expect(spent.status).toBe(422)
})

test('neither guesses from elsewhere nor a full bucket of the address hold up a signed-in person', async () => {
  const who = await world.somebody()
  const browser = await world.signedIn(who)
  await authenticatorApp(world.first, who.sub)
  const inDatabase = (sql: string) => asSuperuser((client) => client.query(sql), world.first.databaseUrl)
  await inDatabase('DELETE FROM sign_in_attempts; DELETE FROM sign_in_budgets')
  const elsewhere = world.browser()
  await elsewhere.submit(await world.open(elsewhere), { identifier: who.email, password: 'a guess of a stranger' })
  await inDatabase(`UPDATE sign_in_attempts SET blocked_until = now() + interval '1 hour';
    UPDATE sign_in_budgets SET empties_at = now() + interval '1 day'`)
  try {
    const blocked = world.browser()
    const refused = await blocked.submit(await world.open(blocked), { identifier: who.email, password: who.password })
    expect(refused.status).toBe(429)
    const wrong = await world.press(browser, await lost(browser), 'value="recovery"', { recovery: 'AAAA-AAAA-AAAA' })
    expect(wrong.status).toBe(422)
    const right = await world.press(browser, wrong, 'value="password"', { password: who.password })
    expect([right.status, right.html.includes('value="code"')]).toEqual([200, true])
  } finally {
    await inDatabase('DELETE FROM sign_in_attempts; DELETE FROM sign_in_budgets')
  }
})

test('whose recovery codes are locked is told so on the page', async () => {
  const who = await world.somebody()
  const browser = await world.signedIn(who)
  const { paper } = await authenticatorApp(world.first, who.sub)
  const lock = `INSERT INTO factor_failures (account_sub, method, failures) VALUES ($1, 'recovery_code', 100)`
  await asSuperuser((client) => client.query(lock, [who.sub]), world.first.databaseUrl)
  const page = await world.press(browser, await lost(browser), 'value="recovery"', { recovery: String(paper[0]) })
  expect([page.status, textOf(page.html)]).toEqual([
    403,
    expect.stringContaining('Your recovery codes are locked after 100 wrong codes in a row.'),
  ])
  expect(page.html).toContain('value="recovery"')
  expect(await world.event(who, 'sign_in.failed')).toMatchObject({ reason: 'locked after 100 wrong codes in a row' })
})

test('who has set up no second factor has nothing to replace', async () => {
  const browser = await world.signedIn(await world.somebody())
  const page = await lost(browser)
  expect(textOf(page.html)).toContain('your usual sign-in is enough')
  expect((await world.open(browser, '/password')).html).not.toContain('/account/lost"')
})
