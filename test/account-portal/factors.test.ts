/** Ways to sign in that a person sets up, replaces and takes away, and what is left to them afterwards. */
import { HOTP, Secret } from 'otpauth'
import { beforeAll, describe, expect, test } from 'vitest'
import { addPasskey, atOwnPage } from '../support/own-page.ts'
import { type Person, textOf, type Visit } from '../support/person.ts'
import { type Somebody, startWorld, type World } from './world.ts'
import { DELIVERED_MS } from '../support/eventually.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

/** The present code of the page's secret, to set it up with. */
function presentCode(secret: string, ahead = 0): string {
  return HOTP.generate({ secret: Secret.fromBase32(secret), counter: Math.floor(Date.now() / 30_000) + ahead })
}

/** One that is not spent by the set-up, and is taken already: that of the next half minute. */
function nextCode(secret: string): string {
  return presentCode(secret, 1)
}

function secretOf({ html }: Visit): string {
  return (/<p class="mono" dir="ltr">([A-Z2-7 ]+)<\/p>/.exec(html)?.[1] ?? '').replaceAll(' ', '')
}

function codesOf({ html }: Visit): string[] {
  return [...html.matchAll(/<li>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})<\/li>/g)].map(([, code]) => String(code))
}

/** Sets the app up; `nextCode` is there for a sign-in. */
async function setUp(browser: Person): Promise<{ secret: string; page: Visit }> {
  const begun = await world.press(browser, await world.open(browser, '/authenticator'), 'value="begin"')
  const secret = secretOf(begun)
  return { secret, page: await world.press(browser, begun, 'name="code"', { code: presentCode(secret) }) }
}

/** Signs in anew as far as the password goes. */
async function afterPassword(who: Somebody): Promise<{ browser: Person; page: Visit }> {
  const browser = world.browser()
  const page = await browser.submit(await world.open(browser), { identifier: who.email, password: who.password })
  return { browser, page }
}

describe('an authenticator app', () => {
  test('is set up by a picture or by letters, counts once a code was right, and comes with ten recovery codes', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const begun = await world.press(browser, await world.open(browser, '/authenticator'), 'value="begin"')
    expect(begun.html).toMatch(/role="img" aria-label="QR code[^"]*"><svg/)
    expect(begun.html).toContain('href="otpauth://totp/Signet')
    const secret = secretOf(begun)
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect((await afterPassword(who)).page.url).toMatch(/\/account$/)

    const wrong = await world.press(browser, begun, 'name="code"', { code: '000000' })
    expect([wrong.status, textOf(wrong.html)]).toEqual([422, expect.stringContaining('That code is not of this app')])
    expect(secretOf(wrong)).toBe(secret)
    expect(await world.event(who, 'factor.added')).toBeUndefined()

    const right = await world.press(browser, wrong, 'name="code"', { code: presentCode(secret) })
    expect(new Set(codesOf(right)).size).toBe(10)
    expect(textOf(right.html)).toContain('Put these codes aside now')
    expect(codesOf(await world.open(browser, '/recovery-codes'))).toEqual([])
    expect(await world.event(who, 'factor.added')).toMatchObject({ actor: { kind: 'account', id: who.sub } })
    await expect
      .poll(() => world.mails(who), { timeout: DELIVERED_MS })
      .toMatchObject([{ subject: 'An authenticator app was added at Signet' }])
    const next = await afterPassword(who)
    expect(textOf(next.page.html)).toContain('Enter your code')
    const through = await next.browser.submit(next.page, { code: codesOf(right)[0] ?? '' })
    expect(through.url).toMatch(/\/account$/)
  })

  test('that was begun is still there after the proof was asked for anew', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const begun = await world.press(browser, await world.open(browser, '/authenticator'), 'value="begin"')
    await world.age(who, 400)
    const stale = await world.press(browser, begun, 'name="code"', { code: presentCode(secretOf(begun)) })
    expect(stale.status).toBe(403)
    const asked = await browser.visit('/account/confirm?to=authenticator')
    const back = await browser.submit(asked, { identifier: who.email, password: who.password })
    expect(secretOf(back)).toBe(secretOf(begun))
  })

  test('ASVS 7.5.1: its owner proves both, password and code, before it is changed', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const { secret } = await setUp(browser)
    await world.age(who, 400)
    expect((await world.open(browser, '/authenticator')).html).not.toContain('value="remove"')
    const asked = await browser.visit('/account/confirm?to=authenticator')
    const more = await browser.submit(asked, { identifier: who.email, password: who.password })
    expect(textOf(more.html)).toContain('Enter your code')
    const back = await browser.submit(more, { code: nextCode(secret) })
    expect(back.url).toMatch(/\/account\/authenticator$/)
    expect(back.html).toContain('value="remove"')
  })

  test('is replaced by another one, whose codes alone count then, and the recovery codes stay', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const first = await setUp(browser)
    const second = await setUp(browser)
    expect(second.secret).not.toBe(first.secret)
    expect(codesOf(second.page)).toEqual([])
    expect(textOf(second.page.html)).toContain('Your authenticator app is set up.')
    const next = await afterPassword(who)
    expect((await next.browser.submit(next.page, { code: nextCode(first.secret) })).status).toBe(422)
    expect((await next.browser.submit(next.page, { code: nextCode(second.secret) })).url).toMatch(/\/account$/)
    expect(textOf((await world.open(browser, '/recovery-codes')).html)).toContain('You have 10 codes left.')
  })
})

describe('ASVS 6.5.6: a lost factor is taken away', () => {
  test('an authenticator app goes with its recovery codes', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    await setUp(browser)
    const page = await world.press(browser, await world.open(browser, '/authenticator'), 'value="remove"')
    expect(textOf(page.html)).toContain('Your authenticator app is removed, and the recovery codes with it.')
    expect(textOf((await world.open(browser, '/recovery-codes')).html)).toContain('You have no recovery codes.')
    expect((await afterPassword(who)).page.url).toMatch(/\/account$/)
    expect(await world.event(who, 'factor.removed')).toMatchObject({ actor: { kind: 'account', id: who.sub } })
    const again = await world.press(browser, await world.open(browser, '/authenticator'), 'value="begin"', {
      act: 'remove',
    })
    expect([again.status, textOf(again.html)]).toEqual([404, expect.stringContaining('That is not there any more.')])
  })

  test('recovery codes that may have been seen are replaced, and the old ones work no more', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const old = codesOf((await setUp(browser)).page)
    const page = await world.press(browser, await world.open(browser, '/recovery-codes'), 'button primary')
    const fresh = codesOf(page)
    expect(fresh).toHaveLength(10)
    expect(fresh.filter((code) => old.includes(code))).toEqual([])
    const next = await afterPassword(who)
    expect((await next.browser.submit(next.page, { code: old[0] ?? '' })).status).toBe(422)
    expect((await next.browser.submit(next.page, { code: fresh[0] ?? '' })).url).toMatch(/\/account$/)
  })

  test('recovery codes are made for nobody who has no authenticator app', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await world.open(browser, '/profile')
    const form = { ...page, url: `${world.first.issuer}/account/recovery-codes` }
    const html = form.html.replaceAll('/account/profile"', '/account/recovery-codes"')
    const refused = await world.press(browser, { ...form, html }, 'given_name')
    expect(refused.status).toBe(404)
    expect(codesOf(refused)).toEqual([])
    expect(await world.event(who, 'factor.added')).toBeUndefined()
  })

  test('a passkey is added, named anew and removed, each time told', async () => {
    const who = await world.somebody()
    const own = await atOwnPage(world, { who })
    const added = await addPasskey(world, own, 'My telephone')
    expect(textOf(added.html)).toContain('Your passkey is added.')
    expect(textOf(added.html)).toContain('My telephone')
    const renamed = await own.send('/passkeys', 'value="rename"', { name: 'Old telephone', passkey: 'rename' })
    expect(textOf(renamed.html)).toContain('Old telephone')
    const removed = await own.send('/passkeys', 'value="remove"', { passkey: 'remove' })
    expect(textOf(removed.html)).toContain('You have no passkey yet.')
    await expect
      .poll(async () => (await world.mails(who)).map(({ subject }) => subject).toSorted(), { timeout: DELIVERED_MS })
      .toEqual(['A passkey was added at Signet', 'A passkey was removed at Signet'])
    expect((await world.mails(who)).map(({ text }) => text).join()).toContain('Old telephone')
  })

  test('a name that is none is refused, and the passkey keeps its own', async () => {
    const who = await world.somebody()
    const own = await atOwnPage(world, { who })
    await addPasskey(world, own)
    const page = await own.open('/passkeys')
    const refused = await world.press(own.browser, page, 'value="rename"', { name: ' ', passkey: 'rename' })
    expect([refused.status, textOf(refused.html)]).toEqual([422, expect.stringContaining('A name has 1 to 60')])
    expect(textOf(refused.html)).toContain('Telephone')
  })
})

test('the last way to sign in stays, also when two are taken away at once', async () => {
  const { sub } = await world.admin.call<{ sub: string }>('POST', '/accounts', { email: 'keyless@example.com' })
  const who: Somebody = { sub, email: 'keyless@example.com', password: '' }
  const { browser, page } = await world.passkeyOnly(who, 2)
  const forms = [...page.html.matchAll(/<form[^>]*>[^]*?<\/form>/g)]
    .map(([html]) => html)
    .filter((html) => html.includes('value="remove"'))
  expect(forms).toHaveLength(2)
  const answers = await Promise.all(
    forms.map((html) => browser.fork().submit({ ...page, html }, { passkey: 'remove' })),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
  const refused = answers.find(({ status }) => status === 409)
  expect(textOf(refused?.html ?? '')).toContain('This is the only way in that you have left.')
  const left = await world.open(browser, '/passkeys')
  expect(left.html.match(/value="remove"/g)).toHaveLength(1)
  expect((await world.admin.audit('factor.removed')).filter((event) => event['account_id'] === sub)).toHaveLength(1)
})
