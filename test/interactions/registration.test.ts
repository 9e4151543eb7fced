/** People make their own accounts where that is allowed, after they have proven their address; on a live server. */
import { beforeAll, describe, expect, test } from 'vitest'
import { decodeJwt } from 'jose'
import { PASSWORD } from '../support/administrator.ts'
import { textOf } from '../support/person.ts'
import { type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld()
  await world.set('open')
})

const accountsOf = (email: string) =>
  world.admin.call<{ items: Record<string, unknown>[] }>('GET', `/accounts?email=${encodeURIComponent(email)}`)

const ADA = { name: 'Ada Lovelace', password: NEW_PASSWORD }

describe('registration', () => {
  test('makes a verified account of the proven address, signs in and goes on to the app', async () => {
    const email = world.address()
    const browser = world.somebody()
    const { url, verifier } = world.app.begin({ ui_locales: 'en', scope: 'openid email profile' })
    const page = await world.follow(browser, await browser.visit(url), 'Create an account')
    expect(textOf(page.html)).toContain('With it you go on to shop .')
    const code = await browser.submit(page, { email })
    const last = await browser.submit(code, { code: (await world.mail(email)).code })
    expect(textOf(last.html)).toContain(`The address ${email} is yours.`)
    const consent = await browser.submit(last, ADA)
    const { left } = await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
    const { body } = await world.app.redeem({ code: left?.searchParams.get('code') ?? '', verifier })
    const claims = decodeJwt(body['id_token'] as string)
    expect(claims).toMatchObject({ amr: ['pwd'], acr: 'urn:signet:acr:password' })
    const { items } = await accountsOf(email)
    expect(items).toEqual([
      expect.objectContaining({ email, email_verified: true, name: 'Ada Lovelace', locale: 'en', sub: claims.sub }),
    ])
    const event = await world.newestEvent('account.created')
    expect(event).toMatchObject({ actor: { kind: 'account', id: claims.sub }, account_id: claims.sub })
    expect(await world.newestEvent('sign_in.succeeded')).toMatchObject({
      account_id: claims.sub,
      detail: { method: 'register' },
    })
  })

  test('there is no account before the address is proven, and nobody is kept from theirs', async () => {
    const email = world.address()
    await world.ask(world.somebody(), 'register', email)
    await world.mail(email)
    expect((await accountsOf(email)).items).toEqual([])
    await world.admin.account(email, PASSWORD)
    expect((await accountsOf(email)).items).toHaveLength(1)
  })

  test('V26, ASVS 6.3.8: an address that has an account is answered alike, and its owner is told by mail', async () => {
    const { email: known } = await world.account()
    const unknown = world.address()
    const pages = []
    for (const email of [known, unknown]) {
      const browser = world.somebody()
      const page = await world.ask(browser, 'register', email)
      const wrong = await browser.submit(page, { code: '00000000' })
      pages.push([page.status, wrong.status, ...[page, wrong].map(({ html }) => textOf(html).replace(email, 'X'))])
    }
    expect(pages[1]).toEqual(pages[0])
    expect((await world.mail(known)).subject).toBe('You already have an account at Signet')
    expect((await world.mail(unknown)).subject).toBe('Confirm your e-mail address for Signet')
  })

  test('says beside the fields what is wrong with a name and a password, and takes others', async () => {
    const email = world.address()
    const browser = world.somebody()
    let page = await world.prove(browser, 'register', email)
    for (const [given, words] of [
      [{ name: '', password: '' }, 'Enter your name, in at most 200 characters. Password'],
      [{ name: 'x'.repeat(201), password: NEW_PASSWORD }, 'Enter your name, in at most 200 characters.'],
      [{ name: 'Ada', password: email }, 'That is easy to guess.'],
    ] as const) {
      page = await browser.submit(page, given)
      expect([page.status, textOf(page.html)]).toEqual([422, expect.stringContaining(words)])
    }
    expect(textOf((await browser.submit(page, ADA)).html)).toContain('Give shop access?')
  })

  test('an address that somebody else has made an account of meanwhile is not taken from them', async () => {
    const email = world.address()
    const browser = world.somebody()
    const page = await world.prove(browser, 'register', email)
    const sub = await world.admin.account(email, PASSWORD)
    const end = await browser.submit(page, ADA)
    expect([end.status, textOf(end.html)]).toEqual([
      422,
      expect.stringContaining('There is an account with this address'),
    ])
    expect((await accountsOf(email)).items).toEqual([expect.objectContaining({ sub })])
  })

  test('what is no address is said beside the field', async () => {
    const browser = world.somebody()
    for (const [email, words] of [
      ['', 'Enter your e-mail address.'],
      ['ada', 'That is no e-mail address.'],
      ['ada@example.com\nBcc: eve@example.com', 'That is no e-mail address.'],
    ] as const) {
      const page = await world.ask(browser, 'register', email)
      expect([page.status, textOf(page.html)]).toEqual([422, expect.stringContaining(words)])
    }
  })

  test('by the link in another browser the account is made, and nobody is signed in', async () => {
    const email = world.address()
    await world.ask(world.somebody(), 'register', email)
    const { link } = await world.mail(email)
    expect(link).toMatch(new RegExp(`^${world.server.issuer}/confirm-email\\?`))
    const browser = world.somebody()
    const page = await browser.visit(link)
    expect((await accountsOf(email)).items).toEqual([])
    const end = await browser.submit(await browser.submit(page, {}), ADA)
    expect(textOf(end.html)).toContain('Your account is ready Go back to the app and sign in.')
    expect((await accountsOf(email)).items).toEqual([expect.objectContaining({ email, email_verified: true })])
    expect((await browser.visit(world.app.begin().url)).html).toMatch(/name="identifier"/)
  })

  test('speaks the language of the page, and so does its mail', async () => {
    const email = world.address()
    const browser = world.somebody()
    const page = await browser.visit(world.app.begin({ ui_locales: 'ko' }).url)
    const asked = await browser.submit(await world.follow(browser, page, '계정 만들기'), { email })
    expect(textOf(asked.html)).toContain('메일을 확인해 주세요')
    const { subject, code } = await world.mail(email)
    expect(subject).toMatch(/\p{Script=Hangul}/u)
    const last = await browser.submit(asked, { code })
    expect(textOf(last.html)).toContain('이름과 비밀번호')
    await browser.submit(last, ADA)
    expect((await accountsOf(email)).items).toEqual([expect.objectContaining({ locale: 'ko' })])
  })
})

describe('where it is not open', () => {
  test.each(['off', 'invited'] as const)(
    '%s: the page has no link, and its address leads back to sign-in',
    async (mode) => {
      const browser = world.somebody()
      const page = await world.prove(browser, 'register', world.address())
      await world.set(mode)
      try {
        await expect
          .poll(async () => textOf((await world.signInPage(world.somebody())).html))
          .not.toContain('Create an account')
        const end = await browser.submit(page, ADA)
        expect(end.html).toMatch(/name="identifier"/)
        expect((await browser.visit(page.url)).html).toMatch(/name="identifier"/)
      } finally {
        await world.set('open')
      }
    },
  )
})
