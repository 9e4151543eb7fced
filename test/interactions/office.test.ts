/** An office behind one address, on two processes: what a stranger there can use up, and who signs in all the same. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BUDGETS } from '#sign-in/budgets-store.ts'
import { PASSWORD } from '../support/administrator.ts'
import { type Person, textOf } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type MailWorld, startMailWorld } from './mail-world.ts'

const { size } = BUDGETS.address
let world: MailWorld
let turn = 0

beforeAll(async () => {
  world = await startMailWorld(2)
})

beforeEach(() => asSuperuser((client) => client.query('DELETE FROM sign_in_budgets'), world.server.databaseUrl))

/** Somebody whose requests go to the two processes in turn. */
const somebody = () => world.somebody(() => ((turn += 1) % 2 === 0 ? world.server : world.second))

async function signIn(browser: Person, email: string, password = PASSWORD) {
  const page = await browser.submit(await world.signInPage(browser), { identifier: email, password })
  return { status: page.status, words: textOf(page.html), isIn: /name="decision"/.test(page.html) || !!page.left }
}

/** Sends wrong codes at once. Returns how many got each status. */
async function guess(count: number): Promise<Record<number, number>> {
  const browser = somebody()
  const page = await world.ask(browser, 'reset', world.address())
  const codes = Array.from({ length: count }, (_, at) => String(at).padStart(8, '0'))
  const statuses = await Promise.all(
    codes.map(async (code) => (await browser.submit(page, { code }, undefined, { follow: false })).status),
  )
  const times = (status: number) => statuses.filter((one) => one === status).length
  return Object.fromEntries(statuses.map((status) => [status, times(status)]))
}

test('of guesses at once on two processes, as many are checked as the address has left', async () => {
  expect(await guess(size + 30)).toEqual({ 422: size, 429: 30 })
  expect(await world.newestEvent('email_code.refused')).toMatchObject({ outcome: 'failure' })
})

test('answers of providers that nobody asked for stop no sign-in', async () => {
  const { email } = await world.account()
  await Promise.all(
    Array.from({ length: size + 10 }, (_, at) => somebody().visit(`/upstream/callback?state=${'x'.repeat(at + 1)}`)),
  )
  expect(await world.newestEvent('sign_in.failed')).toMatchObject({
    reason: 'the state was spent, is too old or is not for this page',
    detail: { method: 'federated' },
  })
  expect(await signIn(somebody(), email)).toMatchObject({ isIn: true })
})

describe('where strangers used up what the address has', () => {
  test('a browser that the person is known in signs in, and then there is room for others', async () => {
    const [{ email }, other] = [await world.account(), await world.account()]
    const known = somebody()
    await signIn(known, email)
    await guess(size + 1)
    expect(await signIn(somebody(), email)).toMatchObject({
      status: 429,
      words: expect.stringContaining('There were too many attempts. Wait a while before you try again.') as string,
    })
    expect(await world.newestEvent('sign_in.failed')).toMatchObject({ reason: 'too many attempts' })
    // known for somebody else only
    expect(await signIn(known, other.email)).toMatchObject({ status: 429 })
    expect(await signIn(known, email)).toMatchObject({ isIn: true })
    expect(await signIn(somebody(), other.email)).toMatchObject({ isIn: true })
  })

  test('a code by mail is redeemed where the person is known', async () => {
    const { email } = await world.account()
    const known = somebody()
    await signIn(known, email)
    await guess(size + 1)
    const stranger = somebody()
    const page = await world.ask(stranger, 'reset', email)
    expect((await stranger.submit(page, { code: (await world.mail(email)).code })).status).toBe(429)
    const last = await world.ask(known, 'reset', email)
    const proven = await known.submit(last, { code: (await world.mail(email, 2)).code })
    expect([proven.status, /name="password"/.test(proven.html)]).toEqual([200, true])
  })
})
