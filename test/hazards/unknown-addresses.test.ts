/** ASVS 6.3.8, V26: how long an answer takes does not tell whether an address has an account. */
import { beforeAll, expect, test } from 'vitest'
import { createHasher } from '#sign-in/hashing.ts'
import { type MailWorld, startMailWorld } from '../interactions/mail-world.ts'
import { asSuperuser } from '../support/postgres.ts'

const WAYS = { reset: 'Forgot your password?', register: 'Create an account' } as const
let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld(1, { overrides: { createHasher } })
  await world.set('open')
})

test.each([
  ['password', 200],
  ['reset', 60],
  ['register', 60],
] as const)(
  'V26, ASVS 6.3.8: %s answers known and unknown addresses in the same time, over %i tries each',
  async (kind, tries) => {
    const people = []
    // a mail is owed to each of them, a look at a password can be had of one
    for (let index = 0; index < (kind === 'password' ? 1 : tries); index++) people.push((await world.account()).email)
    const browser = world.somebody()
    const signIn = await world.signInPage(browser)
    const page = kind === 'password' ? signIn : await world.follow(browser, signIn, WAYS[kind])
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
    // in turns, so that what else the machine does falls on both
    for (let index = 0; index < tries; index++) {
      // many mails from one place have to wait, whatever the addresses
      await asSuperuser(
        (client) => client.query('DELETE FROM sign_in_attempts; DELETE FROM sign_in_budgets'),
        world.server.databaseUrl,
      )
      const order = index % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
      for (const what of order) {
        const email = what === 'known' ? (people[index] ?? people[0] ?? '') : world.address()
        const began = performance.now()
        const answer = await browser.submit(page, kind === 'password' ? wrongPassword(email) : { email })
        times[what].push(performance.now() - began)
        expect(answer.status).toBe(kind === 'password' ? 422 : 200)
      }
    }
    const [known, unknown] = [medianOf(times.known), medianOf(times.unknown)]
    const slower = times.known.filter((time, index) => time > (times.unknown[index] ?? Infinity)).length
    // of pairs that differ by chance alone one of the two is slower in half of them, give or take three deviations
    const isNoise = Math.abs(slower - tries / 2) <= (3 * Math.sqrt(tries)) / 2
    const difference = Math.abs(known - unknown) / unknown
    expect(isNoise || difference < 0.05, `${known} and ${unknown} ms; slower in ${slower} of ${tries}`).toBe(true)
  },
  120_000,
)

function wrongPassword(identifier: string) {
  return { identifier, password: 'not the password of anybody' }
}

function medianOf(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? Infinity
}
