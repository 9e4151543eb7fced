/** Which new passwords are taken, and how a password is changed: by its owner, once, and by nobody else. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Account } from '#accounts/account.ts'
import { SYSTEM } from '#audit/audit.ts'
import { createGuardedFetch } from '#outbound/guarded-fetch.ts'
import { createEnrolments } from '#sign-in/enrolment-store.ts'
import { createBreachRange } from '#sign-in/password/breach-range.ts'
import { createPasswordPolicy } from '#sign-in/password/password-policy.ts'
import { createEstimateStrength } from '#sign-in/password/strength.ts'
import { createPasswords } from '#sign-in/password/passwords.ts'
import { PASSWORD } from '../support/administrator.ts'
import { atEnd } from '../support/endings.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms, refusal } from '../support/rooms.ts'
import { ROWS } from '../support/sign-in-registry.ts'

const NEXT = 'a quite different sentence'
const HOME = { actor: { kind: 'anonymous' }, address: '192.0.2.7', requestId: 'req-1' } as const
const policy = createPasswordPolicy({})
const problemOf = async (password: string, owner = {}) => {
  const error = await refusal(policy.check(password, owner))
  expect(error).toMatchObject({ code: 'password_invalid', status: 400 })
  if (password.length > 8) expect(JSON.stringify([error.message, error.faults])).not.toContain(password)
  return (error as { problem?: string }).problem
}

describe('a new password', () => {
  test.each(['1234567', 'x'.repeat(257), ''])('ASVS 6.2.1: %s is not of 8 to 256 characters', async (password) => {
    expect(await problemOf(password)).toBe('length')
  })

  test.each(['password', 'Password1', '12345678', 'iloveyou', 'qwertyuiop', 'LETMEIN123', 'sunshine1'])(
    'ASVS 6.2.4, 6.2.12: %s is on the bundled list, in whatever case',
    async (password) => {
      expect(await problemOf(password)).toBe('breached')
    },
  )

  test.each([
    ['aaaaaaaaaaaaaaaab', {}],
    ['abcdefghijklmnop1', {}],
    ['Lovelace-Ada', { name: 'Ada Lovelace' }],
    ['ada@example.com', { email: 'ada@example.com' }],
  ])('%s is too easy to guess', async (password, owner) => {
    expect(await problemOf(password, owner)).toBe('guessable')
  })

  test.each([
    'kj8 #äß漢x',
    'correct horse battery staple',
    'lower case words alone will do',
    '7391 0482 5566 1037',
    createHash('sha256').update('64 characters').digest('hex'),
    'é composed and e\u0301 not',
  ])('ASVS 6.2.5, 6.2.9: %s is taken, whatever kinds of characters it has', async (password) => {
    await policy.check(password, { email: 'ada@example.com', name: 'Ada Lovelace' })
  })

  test('is measured beside the event loop, which goes on meanwhile', async () => {
    await policy.check('a first one reads the lists', {})
    let [turns, isMeasured] = [0, false]
    const turn = () => void (isMeasured || ((turns += 1), setImmediate(turn)))
    turn()
    await refusal(policy.check('p4$$w0rd'.repeat(8), {})).finally(() => (isMeasured = true))
    expect(turns).toBeGreaterThan(100)
  })

  test('of which too many come at once is put off with 503', async () => {
    const estimate = createEstimateStrength({ maxWaiting: 2 })
    const outcomes = await Promise.allSettled(['one', 'two', 'three'].map((password) => estimate(password, [])))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(outcomes[2]).toMatchObject({ reason: { code: 'sign_in_busy', status: 503, retryAfterSeconds: 2 } })
    expect(await estimate('correct horse battery staple', [])).toBeGreaterThanOrEqual(3)
  })
})

describe('a server of breached passwords', () => {
  const asked: { url: string; padding: string | undefined }[] = []
  const SECRET = 'only this server knows me'
  const digest = createHash('sha1').update(SECRET).digest('hex').toUpperCase()
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', padding: request.headers['add-padding'] as string | undefined })
    const known = request.url?.endsWith(digest.slice(0, 5))
    response.end(`${'0'.repeat(35)}:0\r\n${known ? `${digest.slice(5)}:42` : `${'F'.repeat(35)}:7`}\r\n`)
  })
  const errors: unknown[] = []
  let url: string | null = null
  const asking = createPasswordPolicy({
    breachRange: createBreachRange({
      fetch: createGuardedFetch({ allow: ['127.0.0.1'] }),
      url: () => url,
      onError: (error) => errors.push(error),
    }),
  })

  beforeEach(async () => {
    asked.length = 0
    if (server.listening) return
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    atEnd(() => void server.close())
  })

  test('is not asked unless an administrator wants it', async () => {
    url = null
    await asking.check(SECRET, {})
    expect(asked).toEqual([])
  })

  test('learns five digits of a digest, and what it knows is refused', async () => {
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await refusal(asking.check(SECRET, {}))).toMatchObject({ problem: 'breached' })
    await asking.check('another sentence of mine', {})
    expect(asked[0]).toEqual({ url: `/range/${digest.slice(0, 5)}`, padding: 'true' })
    expect(asked).toHaveLength(2)
  })

  test('keeps nobody from choosing a password when it does not answer', async () => {
    url = 'http://127.0.0.1:9'
    await asking.check(SECRET, {})
    expect(errors).toHaveLength(1)
  })
})

describe('changing', async () => {
  const rooms = await openRooms((await cloneDatabase()).url)
  const { accounts, audit, db } = rooms
  const passwords = createPasswords(rooms)
  let ada: Account

  beforeEach(async () => {
    await db.query('DELETE FROM accounts')
    await db.query('DELETE FROM sign_in_attempts; DELETE FROM sign_in_budgets')
    const store = await passwords.prepare(PASSWORD, { mustChange: true })
    ada = await accounts.create({ email: 'ada@example.com', name: 'Ada' }, SYSTEM, (trx, { id: sub }) =>
      store(trx, sub),
    )
  })

  const works = async (password: string) =>
    (await passwords.verify({ identifier: 'ada@example.com', password }, HOME)) !== undefined
  const last = async () => (await audit.list({ limit: 1 }))[0]

  test('ASVS 6.2.3: the owner changes it with the present one, and is asked for no other any more', async () => {
    expect(await createEnrolments(db, ROWS).of(ada.id)).toMatchObject({ mustReplace: ['password'] })
    expect(await passwords.change(ada, { current: PASSWORD, next: NEXT }, HOME)).toBe(true)
    expect(await last()).toMatchObject({ type: 'password.changed', accountId: ada.id, outcome: 'success' })
    expect(await createEnrolments(db, ROWS).of(ada.id)).toMatchObject({ mustReplace: [] })
    expect([await works(PASSWORD), await works(NEXT)]).toEqual([false, true])
  })

  test('a wrong present one changes nothing, and counts as an attempt', async () => {
    expect(await passwords.change(ada, { current: 'not mine', next: NEXT }, HOME)).toBe(false)
    expect(await last()).toMatchObject({ type: 'sign_in.failed', reason: 'wrong password' })
    expect(await works(PASSWORD)).toBe(true)
    const { rows } = await db.query('SELECT failures FROM sign_in_attempts')
    expect(rows.length).toBeGreaterThan(0)
  })

  test('a next one that is not good enough changes nothing', async () => {
    const error = await refusal(passwords.change(ada, { current: PASSWORD, next: 'password' }, HOME))
    expect(error).toMatchObject({ code: 'password_invalid', problem: 'breached' })
    expect(await works(PASSWORD)).toBe(true)
  })

  test('of two changes at once one counts', async () => {
    const nexts = ['the first of two sentences', 'the second of two sentences']
    const done = await Promise.all(nexts.map((next) => passwords.change(ada, { current: PASSWORD, next }, HOME)))
    expect(done.filter(Boolean)).toHaveLength(1)
    expect(await Promise.all([PASSWORD, ...nexts].map(works))).toEqual([false, ...done])
  })

  test('what fails in its transaction leaves the password as it was', async () => {
    const failing = passwords.change(ada, { current: PASSWORD, next: NEXT }, HOME, () =>
      Promise.reject(new Error('the mail could not be put in the outbox')),
    )
    await expect(failing).rejects.toThrow('outbox')
    expect([await works(PASSWORD), await works(NEXT)]).toEqual([true, false])
  })

  test('after a proof of another kind it is set without the present one, or for the first time', async () => {
    await passwords.reset(ada, NEXT, HOME)
    expect(await last()).toMatchObject({ type: 'password.reset', accountId: ada.id })
    expect([await works(PASSWORD), await works(NEXT)]).toEqual([false, true])
    const bob = await accounts.create({ email: 'bob@example.com' }, SYSTEM)
    await passwords.reset(bob, PASSWORD, HOME)
    expect(await passwords.verify({ identifier: 'bob@example.com', password: PASSWORD }, HOME)).toBeDefined()
  })
})
