/** Guessing is slowed down exactly, on two nodes, and nobody can be locked out where they are known. */
import { beforeEach, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { LIMIT } from '#sign-in/attempts-store.ts'
import { DatabaseUnavailable } from '#database/errors.ts'
import { SignInBusy, TooManyAttempts } from '#sign-in/errors.ts'
import { createHasher } from '#sign-in/hashing.ts'
import { createPasswords } from '#sign-in/password/passwords.ts'
import { createTotp } from '#sign-in/totp/totp.ts'
import { eventually } from '../support/eventually.ts'
import { PASSWORD } from '../support/administrator.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms, refusal, type Rooms } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const nodes = await Promise.all([openRooms(url), openRooms(url)])
const [here] = nodes
const { accounts, audit, db, devices } = here
const passwords = [createPasswords(nodes[0]), createPasswords(nodes[1])] as const
const ada = { identifier: 'ada@example.com' }
let sub: string

const from = (address: string) => ({ actor: { kind: 'anonymous' }, address }) as const
const HOME = from('192.0.2.7')

beforeEach(async () => {
  await db.query('DELETE FROM accounts')
  await db.query('DELETE FROM sign_in_attempts; DELETE FROM sign_in_budgets')
  const store = await passwords[0].prepare(PASSWORD)
  const account = await accounts.create({ email: ada.identifier }, SYSTEM, (trx, made) => store(trx, made.id))
  sub = account.id
})

/** As a client does that is told to come back: a thousand are more than the pool of a node lets wait. */
async function untilAnswered<T>(attempt: () => Promise<T>): Promise<T> {
  const answers: T[] = []
  await eventually(async () => {
    try {
      answers.push(await attempt())
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error
    }
    return answers.length > 0
  }, 60_000)
  return answers[0] as T
}

/**
 * A thousand attempts at once, half of them on each node: as many are looked at as are free, and one more for each
 * wait that was over meanwhile; not one more is looked at than was counted.
 */
async function guessAThousandTimes(attempt: (node: number, at: number) => Promise<unknown>): Promise<void> {
  const start = performance.now()
  const outcomes = await Promise.allSettled(
    Array.from({ length: 1000 }, (_, at) => untilAnswered(() => attempt(at % 2, at))),
  )
  const waited = Math.floor(Math.log2((performance.now() - start) / 1000 + 1))
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(refused.every(({ reason }) => reason instanceof TooManyAttempts)).toBe(true)
  const looked = outcomes.length - refused.length
  // one that could not be told after it was looked at counts as well
  const failures = await failuresOfAccount()
  expect(failures).toBeGreaterThanOrEqual(Math.max(looked, LIMIT.free))
  expect(failures).toBeLessThanOrEqual(LIMIT.free + waited)
}

/** A wait of one second may be over before a slow machine asks again. */
const stayBlocked = () =>
  db.query(`UPDATE sign_in_attempts SET blocked_until = now() + interval '1 minute' WHERE blocked_until IS NOT NULL`)

const failuresOfAccount = async () =>
  (await db.query<{ failures: number }>('SELECT failures FROM sign_in_attempts')).rows[0]?.failures

describe('V28, ASVS 6.3.1: a thousand guesses at once on two nodes', () => {
  test('are as many looks at the password as may be, and the counter is exact', { timeout: 120_000 }, async () => {
    const guess = (node: number, at: number) =>
      (passwords[node] as (typeof passwords)[0]).verify({ ...ada, password: `guess ${at} of many` }, HOME)
    await guessAThousandTimes(guess)
    await stayBlocked()
    expect(await refusal(guess(0, 0))).toMatchObject({ code: 'too_many_attempts', status: 429, retryAfterSeconds: 60 })
    const [event] = await audit.list({ limit: 1, type: 'sign_in.failed' })
    expect(event).toMatchObject({ accountId: sub, reason: 'too many attempts', detail: { method: 'password' } })
  })

  test('are as few looks at the code of an authenticator app', { timeout: 120_000 }, async () => {
    const [first, second] = nodes.map((rooms: Rooms) => createTotp(rooms))
    const guess = (node: number, at: number) =>
      (node === 0 ? first : second)?.verify(
        { accountId: sub, code: String(at).padStart(6, '0') },
        HOME,
      ) as Promise<unknown>
    await guessAThousandTimes(guess)
  })
})

test('each further failure doubles the wait, up to a quarter of an hour, and a success ends it', async () => {
  const attempts = createAttempts(here)
  const begin = () => attempts.begin({ method: 'password', who: 'bob@example.com', address: undefined })
  const waits: number[] = []
  for (let failures = 1; failures <= 25; failures += 1) {
    await begin()
    const { rows } = await db.query<{ wait: number | null }>(
      `SELECT round(extract(epoch FROM blocked_until - last_at))::int AS wait FROM sign_in_attempts`,
    )
    if (failures >= LIMIT.free) {
      const { retryAfterSeconds } = (await refusal(begin())) as TooManyAttempts
      expect(retryAfterSeconds).toBeLessThanOrEqual(Number(rows[0]?.wait))
      waits.push(Number(rows[0]?.wait))
    } else expect(rows[0]?.wait).toBeNull()
    await db.query('UPDATE sign_in_attempts SET blocked_until = NULL')
  }
  expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8])
  expect(Math.max(...waits)).toBe(LIMIT.longest)
  const attempt = await begin()
  await attempt.succeeded(undefined)
  await begin()
  expect(await failuresOfAccount()).toBe(1)
})

test('guesses count together under all spellings that a database may take for one address, known or not', async () => {
  await accounts.create({ email: 'mike@example.com' }, SYSTEM)
  for (const local of ['mike', 'nobodi']) {
    await db.query('DELETE FROM sign_in_attempts')
    for (const spelling of [local, local.toUpperCase(), local.replaceAll('i', 'İ'), local.replaceAll('i', 'i\u0307')]) {
      await passwords[0].verify({ identifier: `${spelling}@example.com`, password: 'wrong one' }, HOME)
    }
    const { rows } = await db.query('SELECT failures FROM sign_in_attempts')
    expect(rows).toEqual([{ failures: 4 }])
  }
})

test('a right password ends the count', async () => {
  const verify = (password: string) => passwords[0].verify({ ...ada, password }, HOME)
  await verify('wrong one')
  expect(await failuresOfAccount()).toBe(1)
  expect(await verify(PASSWORD)).toMatchObject({ account: { id: sub } })
  expect(await failuresOfAccount()).toBeUndefined()
})

describe('an attempt that an overload leaves unchecked', () => {
  const busy = createPasswords({ ...here, hasher: createHasher({ concurrency: 0, maxWaiting: () => 0 }) })
  const overloaded = () => refusal(busy.verify({ ...ada, password: 'guess' }, HOME))
  const ofAda = async () =>
    (
      await db.query<{ failures: number; blocked: boolean }>(
        `SELECT failures, coalesce(blocked_until > now(), false) AS blocked FROM sign_in_attempts`,
      )
    ).rows[0]

  test('takes back its own count and leaves the others', async () => {
    const begin = () => createAttempts(here).begin({ method: 'password', who: ada.identifier, address: HOME.address })
    for (let at = 1; at < LIMIT.free; at += 1) await begin()
    expect(await overloaded()).toBeInstanceOf(SignInBusy)
    expect(await ofAda()).toEqual({ failures: LIMIT.free - 1, blocked: false })
    await begin()
    await stayBlocked()
    expect(await refusal(begin())).toBeInstanceOf(TooManyAttempts)
  })

  test('leaves the wait of a later attempt, one step shorter', async () => {
    const attempts = createAttempts(here)
    const begin = () => attempts.begin({ method: 'password', who: ada.identifier, address: undefined })
    for (let at = 1; at < LIMIT.free + 3; at += 1) {
      await begin()
      await db.query('UPDATE sign_in_attempts SET blocked_until = NULL')
    }
    const [unchecked, wait] = [await begin(), `SELECT extract(epoch FROM blocked_until - last_at)::int AS wait`]
    await db.query('UPDATE sign_in_attempts SET blocked_until = NULL')
    await begin()
    await unchecked.undo()
    const { rows } = await db.query(`${wait}, failures FROM sign_in_attempts`)
    expect(rows).toEqual([{ wait: 8, failures: LIMIT.free + 3 }])
  })
})

test('ASVS 6.1.1: who is locked out elsewhere still signs in in a browser that they have used before', async () => {
  const verify = (password: string, address: string, device?: string) =>
    passwords[0].verify({ ...ada, password, device }, from(address))
  const device = devices.remember(undefined, sub)
  const guess = (address: string, who: string, knownBrowser?: string) =>
    createAttempts(here).begin({ method: 'password', who, knownBrowser, address })
  for (let at = 0; at < LIMIT.free; at += 1) await guess(`198.51.100.${at}`, ada.identifier)
  await stayBlocked()
  expect(await refusal(verify(PASSWORD, '203.0.113.1'))).toMatchObject({ code: 'too_many_attempts' })
  expect(await verify(PASSWORD, '203.0.113.1', device)).toMatchObject({ account: { id: sub } })
  // a device of another account, or one that somebody made up, is no help
  const foreign = devices.remember(undefined, 'somebody-else')
  const forged = `${device.split('.')[0]}.${foreign.split('.')[1]}`
  for (const token of [foreign, forged, 'x', `${device}x`]) {
    expect(await refusal(verify(PASSWORD, '203.0.113.1', token))).toMatchObject({ code: 'too_many_attempts' })
  }
  // guesses in that browser are counted there
  for (let at = 0; at < LIMIT.free; at += 1) await guess('203.0.113.1', sub, devices.idFor(device, sub))
  await stayBlocked()
  expect(await refusal(verify(PASSWORD, '203.0.113.1', device))).toMatchObject({ code: 'too_many_attempts' })
})

test('what was typed is in no column, and what counts for nothing any more goes', async () => {
  await passwords[0].verify({ identifier: 'my secret phrase', password: 'x' }, HOME)
  const { rows } = await db.query<{ row: string }>(
    'SELECT a::text AS row FROM sign_in_attempts a UNION ALL SELECT b::text FROM sign_in_budgets b',
  )
  expect(rows).toHaveLength(3)
  for (const { row } of rows) {
    expect(row).not.toContain(Buffer.from('my secret phrase').toString('hex'))
    expect(row).not.toContain(HOME.address)
  }
  await db.query(`UPDATE sign_in_attempts SET last_at = now() - interval '25 hours'`)
  await db.query(`UPDATE sign_in_budgets SET empties_at = now() - interval '61 minutes' WHERE kind = 'address'`)
  expect(await createAttempts(here).removeExpired()).toEqual({ sign_in_attempts: 1, sign_in_budgets: 1 })
})
