/** Guesses from one address are slowed down exactly, on two nodes, and nobody can keep an office from signing in. */
import { beforeEach, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { type Attempt, createAttempts } from '#sign-in/attempts.ts'
import { BUDGETS, EASING } from '#sign-in/budgets-store.ts'
import { TooManyAttempts } from '#sign-in/errors.ts'
import { createRecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import { createTotp } from '#sign-in/totp/totp.ts'
import { BY, openPasskeyWorld } from '../support/passkey-world.ts'
import { refusal } from '../support/rooms.ts'

const passkeys = await openPasskeyWorld()
const { rooms } = passkeys
const { db, devices, audit } = rooms
const attempts = createAttempts(rooms)
const nodes = [attempts, createAttempts(passkeys.otherRooms)] as const
const OFFICE: string = BY.address
let people = 0

beforeEach(() => db.query('DELETE FROM sign_in_attempts; DELETE FROM sign_in_budgets'))

/** An attempt at an account of its own. */
const begin = (address: string, also: Partial<Attempt> = {}, through = attempts) =>
  through.begin({ method: 'password', who: `person-${(people += 1)}@example.com`, address, ...also })

async function fill(address = OFFICE, size: number = BUDGETS.address.size): Promise<void> {
  for (let at = 0; at < size; at += 1) await begin(address)
}

const isFull = async (address = OFFICE) =>
  (await begin(address).catch((error: unknown) => error)) instanceof TooManyAttempts

/** How many counts the bucket holds, without the fraction that has leaked since. */
async function level(kind = 'address'): Promise<number> {
  const { leak } = BUDGETS[kind as keyof typeof BUDGETS]
  const { rows } = await db.query<{ level: number }>(
    `SELECT ceil(extract(epoch FROM empties_at - clock_timestamp()) / $2)::int AS level FROM sign_in_budgets WHERE kind = $1`,
    [kind, leak],
  )
  return Math.max(0, rows[0]?.level ?? 0)
}

const pass = (seconds: number) =>
  db.query(
    `UPDATE sign_in_budgets SET empties_at = empties_at - make_interval(secs => $1),
       eased_at = ARRAY(SELECT at - make_interval(secs => $1) FROM unnest(eased_at) AS at)`,
    [seconds],
  )

test('of guesses at many accounts at once on two nodes, as many are checked as the bucket of their address holds', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 200 }, (_, at) => begin(OFFICE, {}, nodes[at % 2])))
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(refused.every(({ reason }) => reason instanceof TooManyAttempts)).toBe(true)
  expect(outcomes.length - refused.length).toBe(BUDGETS.address.size)
  const counted = await db.query('SELECT FROM sign_in_attempts WHERE failures > 0')
  expect(counted.rowCount).toBe(BUDGETS.address.size)
  expect(await level()).toBe(BUDGETS.address.size)
})

test('a full bucket takes one more a minute, and a refused attempt counts nowhere', async () => {
  await fill()
  const { retryAfterSeconds } = (await refusal(begin(OFFICE, { who: 'ada' }))) as TooManyAttempts
  expect(retryAfterSeconds).toBeGreaterThan(BUDGETS.address.leak - 30)
  expect(retryAfterSeconds).toBeLessThanOrEqual(BUDGETS.address.leak)
  const before = await level()
  for (let at = 0; at < 20; at += 1)
    expect(await refusal(begin(OFFICE, { who: 'ada' }))).toBeInstanceOf(TooManyAttempts)
  expect(await level()).toBe(before)
  await pass(BUDGETS.address.leak)
  await begin(OFFICE, { who: 'ada' })
  expect(await isFull()).toBe(true)
})

test('an attempt that the account has to wait for leaves the bucket of the address as it is', async () => {
  for (let at = 0; at < 10; at += 1) await begin(OFFICE, { who: 'ada' })
  await db.query(`UPDATE sign_in_attempts SET blocked_until = now() + interval '1 minute'`)
  const before = await level()
  await refusal(begin(OFFICE, { who: 'ada' }))
  expect(await level()).toBe(before)
})

test('neighbors in an IPv6 network of 64 bits share a bucket, and those of 48 bits another', async () => {
  await fill('2001:db8:1:1::5')
  expect(await isFull('2001:db8:1:1:ffff::9')).toBe(true)
  expect(await isFull('2001:db8:1:2::5')).toBe(false)
  await db.query(`UPDATE sign_in_budgets SET empties_at = now() + make_interval(secs => $1) WHERE kind = 'network'`, [
    BUDGETS.network.size * BUDGETS.network.leak,
  ])
  expect(await isFull('2001:db8:1:2::5')).toBe(true)
  expect(await isFull('2001:db8:2:2::5')).toBe(false)
  expect(await isFull('203.0.113.9')).toBe(false)
})

test('an attempt that could not be checked takes back its own count, of the account and of the address', async () => {
  const attempt = await begin(OFFICE)
  await begin(OFFICE)
  await attempt.undo()
  expect([await level(), await level('network')]).toEqual([1, 1])
  const counted = await db.query('SELECT FROM sign_in_attempts WHERE failures > 0')
  expect(counted.rowCount).toBe(1)
})

test('an attempt that names nobody counts for its address alone, and one without an address for nobody', async () => {
  await begin(OFFICE, { who: undefined })
  expect(await level()).toBe(1)
  expect((await db.query('SELECT FROM sign_in_attempts')).rowCount).toBe(0)
  await begin(OFFICE, { address: undefined })
  expect((await db.query('SELECT FROM sign_in_budgets')).rowCount).toBe(2)
})

test('buckets are deleted an hour after they are empty', async () => {
  await begin(OFFICE)
  // the bucket of the network, from which a count leaks sooner, first
  await pass(3600 + BUDGETS.address.leak - 20)
  expect(await attempts.removeExpired()).toMatchObject({ sign_in_budgets: 1 })
  await pass(40)
  expect(await attempts.removeExpired()).toMatchObject({ sign_in_budgets: 1 })
  expect((await db.query('SELECT FROM sign_in_budgets')).rowCount).toBe(0)
})

describe('a success', () => {
  const succeed = async (accountId: string) => (await begin(OFFICE)).succeeded(accountId)

  test('takes back its own count and 20 more, the latter once an hour for each account', async () => {
    await fill(OFFICE, 45)
    await succeed('ada')
    expect([await level(), await level('network')]).toEqual([45 - EASING.counts, 45 - EASING.counts])
    for (let at = 0; at < 5; at += 1) await succeed('ada')
    expect(await level()).toBe(45 - EASING.counts)
    await succeed('eve')
    expect(await level()).toBe(5)
    await fill(OFFICE, 40)
    await pass(3600)
    await fill(OFFICE, 40)
    await succeed('ada')
    expect(await level()).toBe(20)
  })

  test('of many accounts at once takes back at most 100 more an hour for an address', async () => {
    await begin(OFFICE)
    // as full as no bucket can be, to see all that is taken back
    await db.query(`UPDATE sign_in_budgets SET empties_at = now() + interval '200 minutes' WHERE kind = 'address'`)
    const known = { knownBrowser: 'known' }
    const begun = await Promise.all(Array.from({ length: 40 }, (_, at) => begin(OFFICE, known, nodes[at % 2])))
    await Promise.all(begun.map((attempt, at) => attempt.succeeded(`account-${at}`)))
    expect(await level()).toBe(100)
    await pass(3600)
    await (await begin(OFFICE, known)).succeeded('another')
    expect(await level()).toBe(20)
  })

  test('of one account at once on two nodes takes back 20 once', async () => {
    await fill(OFFICE, 45)
    const known = { knownBrowser: 'known' }
    const begun = await Promise.all(Array.from({ length: 10 }, (_, at) => begin(OFFICE, known, nodes[at % 2])))
    await Promise.all(begun.map((attempt) => attempt.succeeded('ada')))
    expect(await level()).toBe(45 - EASING.counts)
  })

  test('without an account takes back its own count alone', async () => {
    await fill(OFFICE, 10)
    await (await begin(OFFICE)).succeeded(undefined)
    expect(await level()).toBe(10)
  })

  test('that finds the bucket empty keeps what its account may take back for later', async () => {
    await succeed('ada')
    await fill()
    await (await begin(OFFICE, { knownBrowser: 'known' })).succeeded('ada')
    expect(await level()).toBe(BUDGETS.address.size - EASING.counts)
  })
})

describe('where the bucket of the address is full', () => {
  test('a browser known for the account can prove a second factor, and another cannot', async () => {
    await fill()
    const account = await passkeys.somebody()
    const codes = createRecoveryCodes(rooms)
    const [code = '', another = ''] = await codes.generate(account.id, SYSTEM)
    const known = devices.remember(undefined, account.id)
    const foreign = devices.remember(undefined, 'somebody-else')
    for (const device of [undefined, foreign]) {
      expect(await refusal(codes.verify({ accountId: account.id, code, device }, BY))).toBeInstanceOf(TooManyAttempts)
    }
    expect((await audit.list({ limit: 1 }))[0]).toMatchObject({
      type: 'sign_in.failed',
      accountId: account.id,
      reason: 'too many attempts',
      detail: { method: 'recovery_code' },
    })
    const totp = createTotp(rooms)
    expect(await totp.verify({ accountId: account.id, code: '000000', device: known }, BY)).toBeUndefined()
    expect(await codes.verify({ accountId: account.id, code, device: known }, BY)).toMatchObject({
      account: { id: account.id },
    })
    // 20 were taken back
    expect(await codes.verify({ accountId: account.id, code: another }, BY)).toMatchObject({
      account: { id: account.id },
    })
  })

  test('the count of the account still holds in a browser that it is known in', async () => {
    const known = { who: 'ada', knownBrowser: 'known' }
    for (let at = 0; at < 10; at += 1) await begin(OFFICE, known)
    await db.query(`UPDATE sign_in_attempts SET blocked_until = now() + interval '1 minute'`)
    expect(await refusal(begin(OFFICE, known))).toBeInstanceOf(TooManyAttempts)
    expect(await level()).toBe(0)
  })

  test('failures elsewhere do not count in a browser that the account is known in', async () => {
    for (let at = 0; at < 10; at += 1) await begin('198.51.100.7', { who: 'ada' })
    await db.query(`UPDATE sign_in_attempts SET blocked_until = now() + interval '1 minute'`)
    expect(await refusal(begin('198.51.100.7', { who: 'ada' }))).toBeInstanceOf(TooManyAttempts)
    for (let at = 0; at < 10; at += 1) await begin('198.51.100.7', { who: 'ada', knownBrowser: 'another' })
    await db.query(`UPDATE sign_in_attempts SET blocked_until = now() + interval '1 minute'`)
    await begin(OFFICE, { who: 'ada', knownBrowser: 'known' })
  })

  test('a passkey signs in, and refused ones count nowhere', async () => {
    const { account, passkey } = await passkeys.enrolled()
    await fill()
    const before = await level()
    for (let at = 0; at < 3; at += 1) {
      await passkeys.isRefused(passkeys.present(passkey, { userHandle: 'x' }), 'the passkey is of another person')
    }
    expect(await level()).toBe(before)
    expect(await passkeys.present(passkey)).toMatchObject({ account: { id: account.id } })
  })

  test('attempts of another kind have a bucket of their own', async () => {
    await fill()
    for (let at = 0; at < BUDGETS.address.size; at += 1) await begin(OFFICE, { budget: 'codes' })
    expect(await refusal(begin(OFFICE, { budget: 'codes' }))).toBeInstanceOf(TooManyAttempts)
    await db.query(`DELETE FROM sign_in_budgets`)
    for (let at = 0; at < BUDGETS.address.size; at += 1) await begin(OFFICE, { budget: 'codes' })
    await begin(OFFICE)
    await begin(OFFICE, { budget: 'other codes' })
  })

  test('mails can be asked for, and mails asked for stop no sign-in', async () => {
    await fill()
    for (let at = 0; at < BUDGETS.address.size; at += 1) await attempts.countMail(OFFICE)
    expect(await refusal(attempts.countMail(OFFICE))).toMatchObject({ code: 'too_many_attempts', status: 429 })
    await db.query(`DELETE FROM sign_in_budgets`)
    for (let at = 0; at < BUDGETS.address.size; at += 1) await attempts.countMail(OFFICE)
    await begin(OFFICE)
  })
})
