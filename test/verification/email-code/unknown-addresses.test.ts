/** Whether an account has an address is told to its mailbox, and to nobody by text, status, time or what is stored. */
import { beforeEach, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { RedeemRequest, SendRequest } from '#verification/email-code/email-code.ts'
import { BY, type CodeWorld, openCodeWorld, watched } from './world.ts'

const ADA = 'Ada@example.com'
const EVE = 'eve@example.com'
const NOBODY = 'nobody@example.com'
const RESET = { purpose: 'reset_password', language: 'en', path: '/reset' } as const
const VERIFY = { purpose: 'verify_email', language: 'en', path: '/verify' } as const

const world: CodeWorld = await openCodeWorld()
const { accounts, codes, db, latest, mails, told } = world
let ada: string

beforeEach(async () => {
  await db.query('DELETE FROM accounts; DELETE FROM email_codes; DELETE FROM email_code_mails')
  await db.query('DELETE FROM sign_in_budgets; DELETE FROM graphile_worker._private_jobs')
  ada = (await accounts.create({ email: ADA }, SYSTEM)).id
  await accounts.create({ email: EVE }, SYSTEM)
})

const send = (request: SendRequest) => codes.send(request, BY)
const redeem = (request: RedeemRequest) => codes.redeem(request, BY)
describe('somebody who registers', () => {
  test('is told by mail that there is an account, and gets no code that works', async () => {
    await send({ ...VERIFY, address: ADA })
    expect(await told()).toEqual(['requested: an account has this address'])
    expect(await mails()).toMatchObject([{ to: ADA, template: 'account_exists', data: { path: '/account' } }])
    expect(await redeem({ purpose: 'verify_email', address: ADA, code: '12345678' })).toBeUndefined()
    expect(await told()).toEqual(['refused: wrong code'])
  })

  test('proves a new address, of which there is no account yet', async () => {
    await send({ ...VERIFY, address: NOBODY })
    expect(await redeem({ purpose: 'verify_email', address: NOBODY, code: (await latest()).code })).toEqual({
      purpose: 'verify_email',
      address: NOBODY,
      account: undefined,
      amr: ['otp'],
    })
  })

  test('an account is not given the address of another, which is told to that one', async () => {
    await send({ ...VERIFY, address: EVE, accountId: ada })
    expect(await mails()).toMatchObject([{ to: EVE, template: 'account_exists' }])
    await send({ ...VERIFY, address: ADA, accountId: ada })
    expect(
      await redeem({ purpose: 'verify_email', address: ADA, accountId: ada, code: (await latest()).code }),
    ).toBeDefined()
  })
})

describe('an address that nobody has', () => {
  test.each([
    ['no account has this address', NOBODY, async () => undefined],
    ['the account is disabled', ADA, () => accounts.setStatus(ada, 'disabled', undefined, SYSTEM)],
  ])('is treated as every other: %s', async (reason, address, prepare) => {
    await prepare()
    await send({ ...RESET, address })
    expect(await told()).toEqual([`requested: ${reason}`])
    expect(await mails()).toEqual([])
    expect(await redeem({ purpose: 'reset_password', address, code: '12345678' })).toBeUndefined()
    expect(await told()).toEqual(['refused: wrong code'])
  })

  test('the same statements are run for it, and as much is left in the database', async () => {
    const run = async (address: string) => {
      const statements: string[] = []
      const watching = world.build(watched(db, statements))
      await watching.send({ ...RESET, address }, BY)
      await watching.redeem({ purpose: 'reset_password', address, code: '12345678' }, BY)
      return statements
    }
    const unknown = await run(NOBODY)
    expect(unknown.length).toBeGreaterThan(6)
    const known = await run(ADA)
    expect(known).toEqual(unknown)
    const { rows } = await db.query('SELECT length(sealed) > 0 AS sealed, length(code_mac) AS mac FROM email_codes')
    expect(rows).toEqual([
      { sealed: true, mac: 32 },
      { sealed: true, mac: 32 },
    ])
  })

  test.each([NOBODY, ADA])('six mails an hour go to %s, and the seventh waits', async (address) => {
    for (let count = 0; count < 6; count++) await send({ ...(count % 2 ? RESET : VERIFY), address })
    await expect(send({ ...RESET, address: address.toUpperCase() })).rejects.toMatchObject({
      code: 'too_many_mails',
      status: 429,
      message: 'Several mails were sent to this address already; the next can be sent in 60 minutes.',
      retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds > 3590 && seconds <= 3600),
    })
    expect(await told()).toEqual(['requested: too many mails to this address'])
    await send({ ...RESET, address: EVE })
    await db.query(`UPDATE email_code_mails SET sent_at[6] = sent_at[6] - interval '1 hour'`)
    await send({ ...RESET, address })
    await expect(send({ ...RESET, address })).rejects.toMatchObject({ code: 'too_many_mails' })
  })
})
