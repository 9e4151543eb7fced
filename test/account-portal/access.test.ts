/** Who comes to their own page, how, and what a form must be to be answered. */
import { beforeAll, describe, expect, test } from 'vitest'
import { textOf } from '../support/person.ts'
import { startWorld, type World } from './world.ts'

const FORGED = 'Nothing was changed; try again.'
const OLD = 'You signed in a while ago, so nothing was changed.'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

test('ASVS 7.4.4: every page of a signed-in person has the way to sign out', async () => {
  const browser = await world.signedIn(await world.somebody())
  const overview = await world.open(browser)
  const own = [...overview.html.matchAll(/<a href="[^"]*\/account(\/[a-z-]+)"/g)].map(([, path]) => String(path))
  expect(new Set(own).size).toBeGreaterThan(8)
  for (const path of ['', ...new Set(own)]) {
    const { html } = await world.open(browser, path)
    expect(html, path).toMatch(/<a href="[^"]*\/logout[^"]*">Sign out<\/a>/)
  }
})

describe('coming in', () => {
  test('who is not signed in is sent to sign in, and comes back to the page they wanted', async () => {
    const who = await world.somebody()
    const browser = world.browser()
    const asked = await world.open(browser, '/sessions')
    expect(asked.url).toContain('/interaction/')
    const page = await browser.submit(asked, { identifier: who.email, password: who.password })
    expect([page.status, page.url]).toEqual([200, `${world.first.issuer}/account/sessions`])
    expect(textOf(page.html)).toContain('Where you are signed in')
  })

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/account/../logout',
    '/account/nowhere',
    '/authorize?prompt=none',
    '',
  ])('a sign-in that ends with the state %j leads to the overview and nowhere else', async (state) => {
    const browser = await world.signedIn(await world.somebody())
    const path = `/account/signed-in?${new URLSearchParams({ state, error_description: 'Call +1 555 0100' }).toString()}`
    const page = await browser.visit(path)
    expect([page.status, page.url, page.left]).toEqual([200, `${world.first.issuer}/account`, undefined])
    expect(page.html).not.toContain('555 0100')
  })

  test('who turns back from the sign-in is led to the start page, not to the sign-in again', async () => {
    const browser = world.browser()
    const asked = await world.open(browser)
    const page = await world.press(browser, asked, 'Back to')
    expect([page.status, new URL(page.url).pathname]).toEqual([200, '/'])
    expect(page.html).toContain(`href="${world.first.issuer}/account"`)
  })

  test('a password manager is led to where the password is changed', async () => {
    const response = await world.first.fetch('/.well-known/change-password', { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([303, '/account/password'])
  })

  test('a page is kept by no cache, and there are no others below the address', async () => {
    const browser = await world.signedIn(await world.somebody())
    expect((await world.open(browser)).headers.get('cache-control')).toBe('no-store')
    expect((await world.open(browser, '/nowhere')).status).toBe(404)
  })

  test('an account that is disabled is signed out at once on the other process', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who, world.second)
    await world.admin.call('POST', `/accounts/${who.sub}/disable`)
    expect((await world.open(browser)).url).toContain('/interaction/')
  })
})

describe('a form', () => {
  test('of another site changes nothing, and the page is shown again with a 403', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await world.open(browser, '/profile')
    const again = await world.press(browser, page, 'given_name', { given_name: 'Mallory', csrf: 'made-up' })
    expect(again.status).toBe(403)
    expect(textOf(again.html)).toContain(FORGED)
    expect(again.html).not.toContain('Mallory')
    expect(await world.admin.call('GET', `/accounts/${who.sub}`)).not.toHaveProperty('given_name')
    expect(await world.event(who, 'account_page.refused')).toMatchObject({
      outcome: 'failure',
      actor: { kind: 'account', id: who.sub },
      reason: 'the form was not made by a page of this session in this browser',
    })
  })

  test('of the session before is refused after another sign-in in the same browser', async () => {
    const [who, next] = [await world.somebody(), await world.somebody()]
    const browser = await world.signedIn(who)
    const page = await world.open(browser, '/profile')
    await world.press(browser, await browser.visit('/logout'), 'name="logout"', { logout: 'yes' })
    const asked = await world.open(browser)
    await browser.submit(asked, { identifier: next.email, password: next.password })
    const again = await world.press(browser, page, 'given_name', { given_name: 'Mallory' })
    expect(again.status).toBe(403)
    expect(await world.admin.call('GET', `/accounts/${next.sub}`)).not.toHaveProperty('given_name')
  })

  test('of who is not signed in any more leads to the sign-in', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await world.open(browser, '/profile')
    const [session] = (await world.admin.call<{ items: { id: string }[] }>('GET', `/accounts/${who.sub}/sessions`))
      .items
    await world.admin.call('DELETE', `/accounts/${who.sub}/sessions/${session?.id}`)
    expect((await world.press(browser, page, 'given_name', { given_name: 'Ada' })).url).toContain('/interaction/')
  })
})

describe('ASVS 7.5.1, 7.5.3: what matters is changed after a fresh proof alone', () => {
  const CHANGES: readonly (readonly [path: string, marker: string, fields: Record<string, string>])[] = [
    ['/password', 'name="next"', { current: 'any', next: 'plum orchid canyon', again: 'plum orchid canyon' }],
    ['/authenticator', 'value="begin"', {}],
    ['/data', 'value="export"', {}],
    ['/data', 'value="delete"', { email: 'any@example.com' }],
  ]

  test.each(CHANGES)('%s, the form with %s', async (path, marker, fields) => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await world.open(browser, path)
    await world.age(who, 301)
    const again = await world.press(browser, page, marker, fields)
    expect(again.status).toBe(403)
    expect(textOf(again.html)).toContain(OLD)
    expect(again.html).toContain('href="/account/confirm?to=')
    expect((await world.open(browser, path)).html).not.toContain(marker)
  })

  test('five minutes after the sign-in it is fresh still', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    await world.age(who, 290)
    expect((await world.open(browser, '/password')).html).toContain('name="next"')
  })

  test('the proof is asked for once, and leads back in the same session', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    await world.age(who, 3600)
    const sessions = () => world.admin.call<{ items: { id: string }[] }>('GET', `/accounts/${who.sub}/sessions`)
    const before = await sessions()
    const asked = await browser.visit('/account/confirm?to=password')
    expect(textOf(asked.html)).toContain('asks you to sign in once more')
    const page = await browser.submit(asked, { identifier: who.email, password: who.password })
    expect(page.url).toBe(`${world.first.issuer}/account/password`)
    expect(page.html).toContain('name="next"')
    expect((await sessions()).items.map(({ id }) => id)).toEqual(before.items.map(({ id }) => id))
  })

  test.each(['https://evil.example/', 'nowhere', ''])('to confirm for %j leads to the overview', async (to) => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    expect((await browser.visit(`/account/confirm?to=${encodeURIComponent(to)}`)).url).toMatch(/\/account$/)
  })
})
