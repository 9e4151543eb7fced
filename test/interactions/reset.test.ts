/** A forgotten password is replaced by whoever reads the mail of the account, on a live server with real mail. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { cookieHeader, textOf } from '../support/person.ts'
import { linkOf, type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld()
})

const WRONG = 'That code is not right, or it is too old. Check it, or send another mail.'
const GONE = 'This link does not work any more'

async function signsIn(email: string, password: string): Promise<boolean> {
  const browser = world.somebody()
  const page = await browser.submit(await world.signInPage(browser), { identifier: email, password })
  return page.left?.searchParams.has('code') === true || /name="decision"/.test(page.html)
}

describe('by the code', () => {
  test('a new password is set, the person goes on to the app and hears of it by mail', async () => {
    const { email, sub } = await world.account()
    const browser = world.somebody()
    const page = await world.prove(browser, 'reset', email)
    expect(textOf(page.html)).toContain('Choose a new password')
    const end = await browser.submit(page, { password: NEW_PASSWORD })
    expect([end.status, textOf(end.html)]).toEqual([200, expect.stringContaining('Give shop access?')])
    const code = (await browser.submit(end, {}, { name: 'decision', value: 'allow' })).left?.searchParams.get('code')
    expect(code).toMatch(/.+/)
    expect((await world.mail(email, 2)).subject).toBe('Your password was reset at Signet')
    expect([await signsIn(email, PASSWORD), await signsIn(email, NEW_PASSWORD)]).toEqual([false, true])
    expect(await world.newestEvent('password.reset')).toMatchObject({
      actor: { kind: 'account', id: sub },
      account_id: sub,
      outcome: 'success',
    })
  })

  test('ASVS 6.4.3: whoever has a second factor is asked for it before they are signed in', async () => {
    const { email, sub } = await world.account()
    const phone = await authenticatorApp(world.server, sub)
    const browser = world.somebody()
    const page = await browser.submit(await world.prove(browser, 'reset', email), { password: NEW_PASSWORD })
    expect(textOf(page.html)).toContain('Open your authenticator app')
    expect(page.left).toBeUndefined()
    const before = await browser.visit(world.app.begin().url)
    expect(before.html).toMatch(/name="identifier"/)
    const end = await browser.submit(page, { code: await phone.code() })
    expect(textOf(end.html)).toContain('Give shop access?')
  })

  test('ends every session and grant of the account, also those of the browser it is done in', async () => {
    const { email } = await world.account()
    const [thief, browser] = [world.somebody(), world.somebody()]
    const who = { email, password: PASSWORD }
    const { body } = await world.app.redeem(await world.app.code(thief, who, { scope: 'openid offline_access' }))
    await world.app.code(browser, who)
    const page = await world.prove(browser, 'reset', email)
    const end = await browser.submit(page, { password: NEW_PASSWORD })
    expect(end.left?.searchParams.get('code')).toMatch(/.+/)
    expect(await world.app.refresh(body['refresh_token'] as string)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    expect((await thief.visit(world.app.begin().url)).html).toMatch(/name="identifier"/)
  })

  test('goes on to the app also where the person who is signed in first asked for another account', async () => {
    const [{ email }, browser] = [await world.account(), world.somebody()]
    await world.app.code(browser, { email, password: PASSWORD })
    const signIn = await browser.submit(await world.signInPage(browser, { prompt: 'consent' }), { another: 'yes' })
    const asked = await browser.submit(await world.follow(browser, signIn, 'Forgot your password?'), { email })
    const page = await browser.submit(asked, { code: (await world.mail(email)).code })
    expect(textOf((await browser.submit(page, { password: NEW_PASSWORD })).html)).toContain('Give shop access?')
  })

  test('a sign-in that was under way with the old password does not go on', async () => {
    const { email, sub } = await world.account()
    const phone = await authenticatorApp(world.server, sub)
    const [thief, browser] = [world.somebody(), world.somebody()]
    const waiting = await thief.submit(await world.signInPage(thief), { identifier: email, password: PASSWORD })
    expect(textOf(waiting.html)).toContain('Open your authenticator app')
    await browser.submit(await world.prove(browser, 'reset', email), { password: NEW_PASSWORD })
    const end = await thief.submit(waiting, { code: await phone.code() })
    expect([end.left, end.html.includes('name="identifier"')]).toEqual([undefined, true])
  })

  test('says beside the field which rule the new password breaks, and takes another one', async () => {
    const { email } = await world.account()
    const browser = world.somebody()
    let page = await world.prove(browser, 'reset', email)
    for (const [password, words] of [
      ['', 'Enter a password.'],
      ['short', 'Choose one of 8 to 256 characters.'],
      ['password123', 'Attackers know this one. Choose another.'],
    ] as const) {
      page = await browser.submit(page, { password })
      expect([page.status, textOf(page.html)]).toEqual([422, expect.stringContaining(words)])
      expect(page.html).toMatch(/id="password"[^>]*aria-invalid="true"[^>]*aria-describedby="password-error/)
    }
    expect((await browser.submit(page, { password: NEW_PASSWORD })).status).toBe(200)
  })

  test('ASVS 6.5.1, 6.5.5: the code works once, and five wrong ones end it', async () => {
    const { email } = await world.account()
    const browser = world.somebody()
    const page = await world.ask(browser, 'reset', email)
    const { code } = await world.mail(email)
    const other = code === '12345678' ? '87654321' : '12345678'
    for (let tries = 0; tries < 5; tries++) {
      const again = await browser.submit(page, { code: other })
      expect([again.status, textOf(again.html)]).toEqual([422, expect.stringContaining(WRONG)])
    }
    expect(textOf((await browser.submit(page, { code })).html)).toContain(WRONG)
    expect(await world.newestEvent('email_code.refused')).toMatchObject({ reason: 'too many wrong codes' })
  })
})

describe('V26: nobody reaches the new password', () => {
  const paths = ['forgot-code', 'forgot-password'] as const

  test('by walking the steps out of order', async () => {
    const { email } = await world.account()
    const browser = world.somebody()
    const start = await world.ask(browser, 'reset', email)
    for (const step of paths) {
      const jumped = { ...start, html: start.html.replaceAll('forgot-code', step) }
      const page = await browser.submit(jumped, { password: NEW_PASSWORD, code: '00000000' })
      expect(page.html).not.toMatch(/autocomplete="new-password"/)
      expect(page.status).toBe(422)
    }
    expect(await signsIn(email, PASSWORD)).toBe(true)
  })

  test('with the code of another person, of another browser, or of another address', async () => {
    const [ada, eve] = [await world.account(), await world.account()]
    const [hers, evils] = [world.somebody(), world.somebody()]
    await world.ask(hers, 'reset', ada.email)
    const { code } = await world.mail(ada.email)
    const page = await world.ask(evils, 'reset', eve.email)
    expect(textOf((await evils.submit(page, { code })).html)).toContain(WRONG)
    const same = world.somebody()
    const elsewhere = await world.ask(same, 'reset', ada.email)
    expect(textOf((await same.submit(elsewhere, { code })).html)).toContain(WRONG)
    expect(await signsIn(ada.email, PASSWORD)).toBe(true)
  })

  test('by sending the last form again, whose proof is spent', async () => {
    const { email } = await world.account()
    const browser = world.somebody()
    const page = await world.prove(browser, 'reset', email)
    const tab = browser.fork()
    await browser.submit(page, { password: NEW_PASSWORD })
    const again = await tab.submit(page, { password: 'another fine pass of words' })
    expect(again.html).not.toMatch(/name="decision"/)
    expect([await signsIn(email, 'another fine pass of words'), await signsIn(email, NEW_PASSWORD)]).toEqual([
      false,
      true,
    ])
  })

  test('after another address was asked for in the same place', async () => {
    const [ada, eve] = [await world.account(), await world.account()]
    const browser = world.somebody()
    const proven = await world.prove(browser, 'reset', eve.email)
    const again = await world.follow(browser, await browser.visit(`${proven.url}?another`), 'Back to sign-in')
    expect(again.html).toMatch(/name="identifier"/)
    const asked = await browser.submit(await browser.visit(`${proven.url}?another`), { email: ada.email })
    expect(textOf(asked.html)).toContain('Check your mail')
    const page = await browser.submit(proven, { password: NEW_PASSWORD })
    expect(page.status).toBe(422)
    expect([await signsIn(ada.email, PASSWORD), await signsIn(eve.email, PASSWORD)]).toEqual([true, true])
  })

  test('with a form that no page of this browser made: 403 and an event', async () => {
    const { email } = await world.account()
    const browser = world.somebody()
    const page = await world.prove(browser, 'reset', email)
    const forged = await browser.submit(page, { csrf: 'x', password: NEW_PASSWORD })
    expect([forged.status, textOf(forged.html)]).toEqual([403, expect.stringContaining('open for too long')])
    expect(await world.newestEvent('authorization.refused')).toMatchObject({
      reason: 'the form was not made by a page of this interaction in this browser',
    })
    expect(await signsIn(email, PASSWORD)).toBe(true)
  })
})

describe('ASVS 6.3.8, V26: an address that nobody has', () => {
  test('is answered with the same words and status, and gets no mail', async () => {
    const known = await world.account()
    const unknown = world.address()
    const pages = []
    for (const email of [known.email, unknown]) {
      const browser = world.somebody()
      const page = await world.ask(browser, 'reset', email)
      const wrong = await browser.submit(page, { code: '00000000' })
      pages.push([page.status, wrong.status, ...[page, wrong].map(({ html }) => textOf(html).replace(email, 'X'))])
    }
    expect(pages[1]).toEqual(pages[0])
    await world.mail(known.email)
    expect(world.smtp.taken.some(({ to }) => to.includes(unknown))).toBe(false)
  })
})

describe('by the link', () => {
  test('V27: it starts with the issuer, whatever the request said of its host, and works in another browser', async () => {
    const { email } = await world.account()
    await world.ask(world.somebody(), 'reset', email)
    const { link } = await world.mail(email)
    expect(link).toMatch(new RegExp(`^${world.server.issuer}/reset-password\\?at=[\\w-]{22}&token=eml-[\\w-]{43}$`))
    const browser = world.somebody()
    const page = await browser.submit(await browser.visit(link), {})
    expect(textOf(page.html)).toContain('Choose a new password')
    const end = await browser.submit(page, { password: NEW_PASSWORD })
    expect(textOf(end.html)).toContain('Your password is changed You are signed out everywhere.')
    expect((await browser.visit(world.app.begin().url)).html).toMatch(/name="identifier"/)
    expect([await signsIn(email, PASSWORD), await signsIn(email, NEW_PASSWORD)]).toEqual([false, true])
  })

  test('V27: under a foreign host nothing is answered, and no mail is sent', async () => {
    const { email } = await world.account()
    const browser = world.somebody()
    const page = await world.follow(browser, await world.signInPage(browser), 'Forgot your password?')
    const foreign = page.url.replace(/^http:\/\/[^/]*/, 'http://evil.example')
    const cookie = cookieHeader(browser.cookies)
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.html)?.[1] ?? ''
    const send = (url: string, headers: Record<string, string> = {}) => {
      const body = new URLSearchParams({ email, csrf })
      return world.server.fetch(url, { method: 'POST', redirect: 'manual', headers: { cookie, ...headers }, body })
    }
    expect((await send(foreign)).status).toBe(421)
    expect((await send(page.url, { 'x-forwarded-host': 'evil.example' })).status).toBe(303)
    const { text, html } = await world.mail(email)
    expect([...`${text}${html}`.matchAll(/https?:\/\/[^/"\s]+/g)].map(([origin]) => origin)).toEqual(
      Array.from({ length: 2 }, () => world.server.issuer),
    )
    expect(world.smtp.taken.filter(({ to }) => to.includes(email))).toHaveLength(1)
  })

  test('ASVS 6.3.6: looking at it spends nothing; it works once, for resets alone, and signs nobody in (V31, V32)', async () => {
    const { email } = await world.account()
    await world.ask(world.somebody(), 'reset', email)
    const { link } = await world.mail(email)
    const browser = world.somebody()
    const page = await browser.visit(link)
    await browser.visit(link)
    for (const path of ['/confirm-email', '/invitation']) {
      const other = await browser.visit(link.replace('/reset-password', path))
      const end = other.status === 410 ? other : await browser.submit(other, {})
      expect([end.status, textOf(end.html)]).toEqual([410, expect.stringContaining(GONE)])
    }
    expect((await browser.submit(page, {})).status).toBe(200)
    expect((await browser.visit('/account')).url).toContain('/interaction/')
    const spent = await browser.submit(page, {})
    expect([spent.status, textOf(spent.html)]).toEqual([410, expect.stringContaining(GONE)])
    expect(await world.newestEvent('email_code.refused')).toMatchObject({ reason: 'spent' })
  })

  test('the form of its page is protected as every other', async () => {
    const { email } = await world.account()
    await world.ask(world.somebody(), 'reset', email)
    const { link } = await world.mail(email)
    const browser = world.somebody()
    const forged = await browser.submit(await browser.visit(link), { csrf: 'x' })
    expect([forged.status, textOf(forged.html)]).toEqual([403, expect.stringContaining('forged_form')])
  })
})

describe('limits', () => {
  test('the seventh mail to an address within an hour waits: 429 with Retry-After, known or not', async () => {
    for (const email of [(await world.account()).email, world.address()]) {
      const browser = world.somebody()
      let page = await world.ask(browser, 'reset', email)
      for (let mails = 1; mails < 7; mails++) {
        const again = await browser.visit(new URL(linkOf(page, 'Send another mail'), page.url).href)
        page = await browser.submit(again, { email })
        expect(page.status).toBe(mails < 6 ? 200 : 429)
      }
      expect(textOf(page.html)).toContain('Several mails went to this address already.')
      expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(3000)
    }
  })

  test('ASVS 6.3.1, 6.6.3: after fifty mails from one place the next waits, whatever the address', async () => {
    const browser = world.somebody()
    const page = await world.follow(browser, await world.signInPage(browser), 'Forgot your password?')
    let answer = page
    for (let mails = 0; mails <= 50 && answer.status === 200; mails++) {
      answer = await browser.submit(page, { email: world.address() })
    }
    expect([answer.status, textOf(answer.html)]).toEqual([
      429,
      expect.stringContaining('There were too many attempts.'),
    ])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})
