/** Changing one's password: who may, which one, and what ends with it. */
import { beforeAll, describe, expect, test } from 'vitest'
import { formWith, type Person, textOf, type Visit } from '../support/person.ts'
import { type Somebody, startWorld, type World } from './world.ts'
import { DELIVERED_MS } from '../support/eventually.ts'

const NEXT = 'plum orchid canyon lattice'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

/** With the box ticked that signs out everywhere else, as the page has it, unless told otherwise. */
async function change(
  browser: Person,
  fields: Record<string, string>,
  unticked: readonly string[] = [],
): Promise<Visit> {
  const page = await world.open(browser, '/password')
  const form = { ...page, html: formWith(page, 'name="next"') }
  return browser.submit(form, { again: fields['next'] ?? '', ...fields }, undefined, { unticked: unticked })
}

async function isSignedIn(browser: Person): Promise<boolean> {
  return (await world.open(browser)).url.endsWith('/account')
}

async function signsInWith(who: Somebody, password: string): Promise<boolean> {
  const browser = world.browser()
  const page = await browser.submit(await world.open(browser), { identifier: who.email, password })
  return page.url.endsWith('/account')
}

describe('ASVS 6.2.3: a password is changed by who knows the present one', () => {
  test('ASVS 6.2.2: with it, the new one counts and the old one no more', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await change(browser, { current: who.password, next: NEXT })
    expect([page.status, textOf(page.html)]).toEqual([
      200,
      expect.stringContaining('Your password is changed, and you are signed out everywhere else.'),
    ])
    expect(await signsInWith(who, NEXT)).toBe(true)
    expect(await signsInWith(who, who.password)).toBe(false)
    expect(await world.event(who, 'password.changed')).toMatchObject({
      outcome: 'success',
      actor: { kind: 'account', id: who.sub },
      address: '127.0.0.1',
    })
  })

  test('without it nothing changes, and the attempt is told', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await change(browser, { current: 'not the password', next: NEXT })
    expect(page.status).toBe(422)
    expect(textOf(page.html)).toContain('That is not your present password.')
    expect(page.html).toMatch(/name="current"[^>]*aria-invalid="true" aria-describedby="current-error"/)
    expect(page.html).toContain('href="#current"')
    expect(page.html).not.toContain(NEXT)
    expect(await signsInWith(who, who.password)).toBe(true)
    expect(await world.event(who, 'sign_in.failed')).toMatchObject({ outcome: 'failure', reason: 'wrong password' })
    expect(await world.event(who, 'password.changed')).toBeUndefined()
  })

  test('whoever guesses it is slowed down, and told for how long', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    let page: Visit | undefined
    for (let tries = 0; tries < 20 && page?.status !== 429; tries += 1) {
      page = await change(browser, { current: `guess ${tries}`, next: NEXT })
    }
    expect(page?.status).toBe(429)
    expect(Number(page?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(textOf(page?.html ?? '')).toContain('There were too many attempts. Nothing was changed')
  })
})

describe('a new password', () => {
  test.each([
    [{ next: 'short' }, 'A password has 8 to 256 characters.'],
    [{ next: 'password123' }, 'Attackers know this password from another site.'],
    [{ next: 'qwertyuiopqwerty' }, 'This is too easy to guess.'],
    [{ next: '' }, 'Enter a new password.'],
    [{ next: NEXT, again: `${NEXT}x` }, 'The two new passwords are not the same.'],
    [{ next: NEXT, current: '' }, 'Enter your present password.'],
  ])('of %j is refused, with what is wrong', async (fields, words) => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await change(browser, { current: who.password, ...fields })
    expect([page.status, textOf(page.html)]).toEqual([422, expect.stringContaining(words)])
    expect(await world.event(who, 'password.changed')).toBeUndefined()
  })

  test('ASVS 6.3.7: is told to its owner by mail, in their language', async () => {
    const who = await world.somebody({ locale: 'ko' })
    const browser = await world.signedIn(who)
    await change(browser, { current: who.password, next: NEXT })
    await expect
      .poll(() => world.mails(who), { timeout: DELIVERED_MS })
      .toMatchObject([
        { subject: expect.stringContaining('비밀번호가 바뀌었어요'), text: expect.stringContaining('127.0.0.1') },
      ])
  })
})

describe('after it', () => {
  test('all other browsers are signed out where that was ticked, on the other process too, and this one is not', async () => {
    const who = await world.somebody()
    const [here, there] = [await world.signedIn(who), await world.signedIn(who, world.second)]
    expect((await world.open(here, '/password')).html).toMatch(/name="elsewhere"[^>]*checked/)
    await change(here, { current: who.password, next: NEXT })
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false])
    expect(await world.event(who, 'session.others_ended')).toMatchObject({ detail: { sessions: 1 } })
  })

  test('ASVS 7.4.3: they stay where it was not ticked, and to end them is offered', async () => {
    const who = await world.somebody()
    const [here, there] = [await world.signedIn(who), await world.signedIn(who, world.second)]
    const page = await change(here, { current: who.password, next: NEXT }, ['yes'])
    expect(await isSignedIn(there)).toBe(true)
    expect(textOf(page.html)).toContain('sign out everywhere else as well')
    const ended = await world.press(here, page, 'value="others"')
    expect(textOf(ended.html)).toContain('You are signed out everywhere else.')
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false])
  })
})
