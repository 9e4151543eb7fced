/** After a hundred wrong codes in a row a second factor is refused, on two nodes, until another one is shown. */
import { HOTP, Secret } from 'otpauth'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Account } from '#accounts/account.ts'
import { SYSTEM } from '#audit/audit.ts'
import { openMail } from '#mail/sealed-mail.ts'
import { createFactorLock, MOST_WRONG_CODES } from '#sign-in/factor-lock.ts'
import { FactorLocked } from '#sign-in/errors.ts'
import { createRecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import { createTotp } from '#sign-in/totp/totp.ts'
import { BY, openPasskeyWorld } from '../support/passkey-world.ts'
import { refusal } from '../support/rooms.ts'

const world = await openPasskeyWorld()
const { rooms } = world
const { db, audit } = rooms
const locks = [createFactorLock(rooms), createFactorLock(world.otherRooms)] as const
const totp = createTotp(rooms)
const codes = createRecoveryCodes(rooms)
let ada: Account
let secret: string

beforeEach(async () => {
  await db.query('DELETE FROM sign_in_attempts; DELETE FROM sign_in_budgets; DELETE FROM graphile_worker._private_jobs')
  ada = await world.somebody()
  await setUp()
})

/** Sets up an authenticator app, whose code of the present is spent by that. */
async function setUp(): Promise<void> {
  secret = (await totp.begin(ada, 'Signet')).secret
  await totp.confirm(ada.id, codeOf(-1), SYSTEM)
}

const codeOf = (step: number) =>
  HOTP.generate({ secret: Secret.fromBase32(secret), counter: Math.floor(Date.now() / 30_000) + step })
const enter = (code: string) => totp.verify({ accountId: ada.id, code, clientId: 'shop' }, BY)
const enterPaper = (code: string) => codes.verify({ accountId: ada.id, code, clientId: 'shop' }, BY)
const newest = async () => (await audit.list({ limit: 1 }))[0]
const failed = (method: string, failures: number) =>
  db.query(
    `INSERT INTO factor_failures (account_sub, method, failures) VALUES ($1, $2, $3)
     ON CONFLICT (account_sub, method) DO UPDATE SET failures = excluded.failures`,
    [ada.id, method, failures],
  )
const failures = async () =>
  (
    await db.query<{ failures: number }>('SELECT failures FROM factor_failures WHERE account_sub = $1', [ada.id])
  ).rows.map((row) => row.failures)

async function mails(): Promise<unknown[]> {
  const { rows } = await db.query<{ payload: unknown }>('SELECT payload FROM graphile_worker._private_jobs ORDER BY id')
  return rows.map(({ payload }) => openMail(rooms.keyring, payload)).filter((mail) => mail?.to === ada.email)
}

test('the hundredth wrong code in a row locks the app: the right one is refused too, and the person is told by mail', async () => {
  await failed('totp', MOST_WRONG_CODES - 2)
  expect(await enter('000000')).toBeUndefined()
  expect(await mails()).toEqual([])
  expect(await enter('000000')).toBeUndefined()
  expect((await audit.list({ limit: 2 })).map(({ type }) => type)).toEqual(['sign_in.failed', 'factor.locked'])
  expect(await mails()).toMatchObject([
    { template: 'factor_changed', data: { change: 'totp_locked', address: BY.address, path: '/account' } },
  ])
  expect(await refusal(enter(codeOf(0)))).toMatchObject({
    code: 'factor_locked',
    status: 403,
    message:
      'This second factor is locked after too many wrong codes. Use another one, or ask an administrator to unlock it.',
  })
  expect(await newest()).toMatchObject({
    type: 'sign_in.failed',
    outcome: 'failure',
    accountId: ada.id,
    clientId: 'shop',
    reason: 'locked after 100 wrong codes in a row',
    detail: { method: 'totp' },
  })
  expect(await mails()).toHaveLength(1)
})

test('of wrong codes at once on two nodes as many are checked as are left, and one mail is sent', async () => {
  await failed('totp', MOST_WRONG_CODES - 5)
  let checked = 0
  const judge = async () => `wrong code ${(checked += 1)}`
  const facts = { account: ada, method: 'totp', clientId: 'shop', by: BY } as const
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, at) => (locks[at % 2] as (typeof locks)[0]).guard(facts, judge)),
  )
  expect(checked).toBe(5)
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(refused.map(({ reason }) => reason instanceof FactorLocked)).toEqual(Array.from({ length: 15 }, () => true))
  expect(await mails()).toHaveLength(1)
})

test('a code that could not be checked is not counted', async () => {
  await failed('totp', MOST_WRONG_CODES - 1)
  const facts = { account: ada, method: 'totp', clientId: 'shop', by: BY } as const
  await expect(locks[0].guard(facts, () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await failures()).toEqual([MOST_WRONG_CODES - 1])
  expect(await enter(codeOf(0))).toMatchObject({ account: { id: ada.id } })
  expect(await failures()).toEqual([])
})

describe('what is locked is unlocked by', () => {
  test('a recovery code, of whose use the person is told by mail', async () => {
    await failed('totp', MOST_WRONG_CODES)
    const [code = ''] = await codes.generate(ada.id, SYSTEM)
    expect(await enterPaper(code)).toMatchObject({ account: { id: ada.id } })
    expect(await mails()).toMatchObject([
      { template: 'factor_changed', data: { change: 'recovery_code_used', address: BY.address } },
    ])
    expect(await enter(codeOf(0))).toMatchObject({ account: { id: ada.id } })
    expect(await enterPaper(code)).toBeUndefined()
    expect(await mails()).toHaveLength(1)
  })

  test('the app, where recovery codes are locked', async () => {
    const [code = ''] = await codes.generate(ada.id, SYSTEM)
    await failed('recovery_code', MOST_WRONG_CODES - 1)
    expect(await enterPaper('0000-0000-0000')).toBeUndefined()
    expect(await mails()).toMatchObject([{ data: { change: 'recovery_codes_locked' } }])
    expect(await refusal(enterPaper(code))).toBeInstanceOf(FactorLocked)
    expect(await enter(codeOf(0))).toMatchObject({ account: { id: ada.id } })
    expect(await enterPaper(code)).toMatchObject({ account: { id: ada.id } })
  })

  test('a passkey', async () => {
    const { account, passkey } = await world.enrolled()
    ada = account
    await setUp()
    await failed('totp', MOST_WRONG_CODES)
    await world.present(passkey)
    expect(await enter(codeOf(0))).toMatchObject({ account: { id: ada.id } })
  })

  test('setting the factor up anew', async () => {
    await failed('totp', MOST_WRONG_CODES)
    await failed('recovery_code', MOST_WRONG_CODES)
    await setUp()
    expect(await enter(codeOf(0))).toMatchObject({ account: { id: ada.id } })
    await failed('recovery_code', MOST_WRONG_CODES)
    const [code = ''] = await codes.generate(ada.id, SYSTEM)
    expect(await enterPaper(code)).toMatchObject({ account: { id: ada.id } })
  })

  test('an administrator', async () => {
    await failed('totp', MOST_WRONG_CODES)
    await locks[1].unlock(ada.id, SYSTEM)
    expect(await newest()).toMatchObject({ type: 'factor.unlocked', outcome: 'success', accountId: ada.id })
    expect(await enter(codeOf(0))).toMatchObject({ account: { id: ada.id } })
    const before = await newest()
    await locks[1].unlock(ada.id, SYSTEM)
    expect(await newest()).toEqual(before)
  })
})
