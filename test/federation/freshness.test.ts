/** When a sign-in at a provider shows that the person is here now, and what is asked for where it does not. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PASSWORD, type Administrator } from '../support/administrator.ts'
import type { App } from '../support/app.ts'
import { codeIn, devMails } from '../support/dev-mail.ts'
import { DELIVERED_MS, eventually } from '../support/eventually.ts'
import { claimsOf, linkTo } from '../support/federated-world.ts'
import type { ForgedProvider } from '../support/forged-provider.ts'
import { type Person, press, textOf } from '../support/person.ts'
import { type Begun, type ForgedWorld, startForgedWorld } from './forged-world.ts'

const FRESH = { prompt: 'login' }

let world: ForgedWorld
let admin: Administrator
let app: App
let provider: ForgedProvider

beforeAll(async () => {
  world = await startForgedWorld()
  ;({ admin, app, provider } = world)
  await world.add('forged')
})

beforeEach(() => provider.reset())

const now = () => Math.floor(Date.now() / 1000)

/** Signs in at the provider as `email`, and returns the page that follows. */
async function arrive(
  email: string,
  params: Record<string, string>,
  claims: Record<string, unknown> | ((asked: { before: number; after: number }) => Record<string, unknown>) = {},
  browser?: Person,
): Promise<Begun> {
  const before = now()
  const begun = await world.begin('forged', browser, params)
  const given = typeof claims === 'function' ? claims({ before, after: now() }) : claims
  provider.claims = { nonce: begun.nonce, sub: email, email, email_verified: true, ...given }
  const answer = new URLSearchParams({ code: 'c', state: begun.state })
  return { ...begun, page: await begun.browser.visit(`/upstream/callback/forged?${answer.toString()}`) }
}

/** Makes the account by a first sign-in. */
async function known(email: string): Promise<string> {
  const first = await arrive(email, {})
  return String((await claimsOf({ app }, first.browser, first.attempt, first.page))['sub'])
}

async function mailedCode(email: string): Promise<string> {
  let code = ''
  await eventually(async () => {
    const mails = await devMails(world.server, email)
    code = codeIn(mails.find(({ subject }) => subject.startsWith('Your code'))?.text ?? '')
    return code !== ''
  }, DELIVERED_MS)
  return code
}

describe('ASVS 6.8.4: where a recent sign-in is asked for', () => {
  test.each([
    ['prompt=login', { prompt: 'login' }],
    ['max_age', { max_age: '300' }],
  ])('by %s, the provider is told to ask for one, and to say when it was', async (_, params) => {
    const { request, browser, attempt, page } = await arrive('told@example.com', params, { auth_time: now() })
    expect(Object.fromEntries(request)).toMatchObject({ prompt: 'login', max_age: '0' })
    expect(await claimsOf({ app }, browser, attempt, page)).toMatchObject({ amr: ['fed'] })
  })

  test('and nowhere else', async () => {
    const { request, browser, attempt, page } = await arrive('told@example.com', {})
    expect([request.get('prompt'), request.get('max_age')]).toEqual([null, null])
    expect(await claimsOf({ app }, browser, attempt, page)).toMatchObject({ amr: ['fed'] })
  })

  test.each<[string, string, (asked: { before: number; after: number }) => number | undefined]>([
    ['a minute before the request', 'counts', ({ after }) => after - 60],
    ['longer before the request', 'does not count', ({ before }) => before - 61],
    ['in the future', 'does not count', ({ after }) => after + 600],
    ['at no time', 'does not count', () => undefined],
  ])('a sign-in there %s %s', async (_, counts, time) => {
    const email = 'times@example.com'
    await known(email)
    const { page } = await arrive(email, FRESH, (asked) => ({ auth_time: time(asked) }))
    expect(textOf(page.html).includes('We know your account')).toBe(counts !== 'counts')
    expect(page.left?.searchParams.has('code') ?? false).toBe(counts === 'counts')
  })

  test('an older one shows who it is, and their password shows that they are here', async () => {
    const email = 'local@example.com'
    const sub = await admin.account(email, PASSWORD)
    await link(email)
    const { browser, attempt, page } = await arrive(email, FRESH, { auth_time: now() - 3600 })
    expect(page.html).toContain('name="password"')
    const done = await browser.submit(page, { identifier: email, password: PASSWORD })
    expect(await claimsOf({ app }, browser, attempt, done)).toMatchObject({ sub, amr: ['fed', 'pwd'] })
  })

  test('who has set up nothing here enters a code from a mail, which works once and adds no factor', async () => {
    const email = 'nothing@example.com'
    const sub = await known(email)
    const { browser, attempt, page } = await arrive(email, FRESH)
    expect(textOf(page.html)).toContain(`We know your account ${email}`)
    const waiting = await press(browser, page, 'Send the code')
    const code = await mailedCode(email)
    const wrong = await press(browser, waiting, 'name="code"', { code: code === '00000000' ? '1' : '00000000' })
    expect([wrong.status, textOf(wrong.html)]).toEqual([422, expect.stringContaining('That code is not right')])
    expect((await admin.audit('email_code.refused'))[0]).toMatchObject({
      reason: 'wrong code',
      detail: { purpose: 'confirm_identity' },
    })
    const empty = await press(browser, wrong, 'name="code"', { code: ' ' })
    expect([empty.status, textOf(empty.html)]).toEqual([422, expect.stringContaining('Enter the eight digits.')])
    const tabs = await Promise.all([0, 1].map(() => press(browser.fork(), empty, 'name="code"', { code })))
    const used = (await admin.audit('email_code.accepted')).filter((event) => event['account_id'] === sub)
    expect(used).toHaveLength(1)
    const right = tabs.find(({ html, left }) => left !== undefined || html.includes('name="decision"'))
    if (!right) throw new Error('neither tab went on')
    expect(await claimsOf({ app }, browser, attempt, right)).toMatchObject({
      sub,
      amr: ['fed'],
      acr: 'urn:signet:acr:password',
    })
    expect((await admin.audit('sign_in.succeeded'))[0]).toMatchObject({
      account_id: sub,
      detail: { method: 'mail_code' },
    })
  })

  test('a form of another site sends no mail', async () => {
    const email = 'forgery@example.com'
    await known(email)
    const { browser, page } = await arrive(email, FRESH)
    const asked = (await admin.audit('email_code.requested')).length
    const refused = await press(browser, page, 'Send the code', { csrf: 'made-up' })
    expect([refused.status, refused.html.includes('name="code"')]).toEqual([403, false])
    expect(await admin.audit('email_code.requested')).toHaveLength(asked)
    expect((await admin.audit('authorization.refused'))[0]).toMatchObject({
      reason: 'the form was not made by a page of this interaction in this browser',
    })
  })
})

describe('ASVS 6.8.4: in a session that a sign-in without a date began', () => {
  test('max_age asks for a proof, also where the session is younger', async () => {
    const email = 'later@example.com'
    await known(email)
    const { browser, attempt, page } = await arrive(email, {})
    await claimsOf({ app }, browser, attempt, page)
    const silent = await browser.visit(app.begin({ prompt: 'none', max_age: '60' }).url)
    expect(silent.left?.searchParams.get('error')).toBe('login_required')
    expect(silent.left?.searchParams.get('error_description')).toBe('recent authentication is required')
    expect((await admin.audit('authorization.refused'))[0]).toMatchObject({
      reason: expect.stringContaining('recent authentication is required'),
    })
    const again = await arrive(email, { max_age: '60' }, {}, browser)
    expect(textOf(again.page.html)).toContain(`We know your account ${email}`)
    const waiting = await press(browser, again.page, 'Send the code')
    const done = await press(browser, waiting, 'name="code"', { code: await mailedCode(email) })
    const { auth_time } = await claimsOf({ app }, browser, again.attempt, done)
    expect(now() - Number(auth_time)).toBeLessThan(60)
    // what was proven just now is enough for the next request
    const next = app.begin({ prompt: 'none', max_age: '60' })
    expect((await browser.visit(next.url)).left?.searchParams.has('code')).toBe(true)
  })

  test('max_age asks for nothing where the provider said that they were there', async () => {
    const email = 'dated@example.com'
    await known(email)
    const { browser, attempt, page } = await arrive(email, {}, { auth_time: now() })
    await claimsOf({ app }, browser, attempt, page)
    const silent = await browser.visit(app.begin({ prompt: 'none', max_age: '60' }).url)
    expect(silent.left?.searchParams.has('code')).toBe(true)
  })
})

describe('ASVS 7.5.1: at the account pages', () => {
  test('a sign-in that the provider dates by now opens the forms, and one without a date does not', async () => {
    const email = 'pages@example.com'
    await known(email)
    for (const [auth_time, opens] of [
      [now(), true],
      [undefined, false],
      [now() - 400, false],
    ] as const) {
      const { browser, attempt, page } = await arrive(email, {}, { auth_time })
      await claimsOf({ app }, browser, attempt, page)
      const shown = await browser.visit('/account/data')
      expect(shown.html.includes('value="delete"'), `auth_time: ${auth_time}`).toBe(opens)
    }
  })

  test('who has nothing but the provider confirms there, or by a code from a mail', async () => {
    const email = 'confirms@example.com'
    await known(email)
    const { browser, attempt, page } = await arrive(email, {})
    await claimsOf({ app }, browser, attempt, page)
    const asked = await browser.visit('/account/confirm?to=data')
    const { left } = await browser.visit(linkTo(asked, 'forged'))
    expect(left?.searchParams.get('max_age')).toBe('0')
    provider.claims = { ...provider.claims, nonce: left?.searchParams.get('nonce') }
    const answer = new URLSearchParams({ code: 'c', state: left?.searchParams.get('state') ?? '' })
    const back = await browser.visit(`/upstream/callback/forged?${answer.toString()}`)
    const waiting = await press(browser, back, 'Send the code')
    const done = await press(browser, waiting, 'name="code"', { code: await mailedCode(email) })
    expect(done.url).toMatch(/\/account\/data$/)
    expect(done.html).toContain('value="delete"')
  })
})

/** Links the person at the provider to the account with the same address and a password. */
async function link(email: string): Promise<void> {
  const { browser, page } = await arrive(email, {})
  const question = await browser.visit(new URL(page.url).pathname.replace(/\/upstream$/, ''))
  await browser.submit(question, { identifier: email, password: PASSWORD })
}
