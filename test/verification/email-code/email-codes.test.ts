/** Codes and links by mail: good once, for one purpose, one address and one browser, for ten minutes. */
import { beforeEach, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { RedeemRequest, SendRequest } from '#verification/email-code/email-code.ts'
import { BY, type CodeWorld, openCodeWorld } from './world.ts'

const ADA = 'Ada@example.com'
const EVE = 'eve@example.com'
const NOBODY = 'nobody@example.com'
const RESET = { purpose: 'reset_password', language: 'en', path: '/reset' } as const
const VERIFY = { purpose: 'verify_email', language: 'en', path: '/verify' } as const

const world: CodeWorld = await openCodeWorld()
const { accounts, codes, db, latest, mails, told } = world
let ada: string
let eve: string

beforeEach(async () => {
  await db.query('DELETE FROM accounts; DELETE FROM email_codes; DELETE FROM email_code_mails')
  await db.query('DELETE FROM sign_in_budgets; DELETE FROM graphile_worker._private_jobs')
  ada = (await accounts.create({ email: ADA }, SYSTEM)).id
  eve = (await accounts.create({ email: EVE }, SYSTEM)).id
})

const send = (request: SendRequest) => codes.send(request, BY)
const redeem = (request: RedeemRequest) => codes.redeem(request, BY)
/** A code that is not this one. */
const other = (code: string) => String((Number(code) + 1) % 10 ** 8).padStart(8, '0')

describe('a reset', () => {
  test('ASVS 6.5.4: is proven by the code of eight digits, however it is typed, and names the account', async () => {
    await send({ ...RESET, address: ` ${ADA} ` })
    expect(await told()).toEqual(['requested'])
    const { code } = await latest()
    expect(code).toMatch(/^\d{8}$/)
    const proof = await redeem({
      purpose: 'reset_password',
      address: 'ada@EXAMPLE.com',
      code: ` ${code.slice(0, 4)} ${code.slice(4)}`,
    })
    expect(proof).toMatchObject({ purpose: 'reset_password', address: ADA, account: { id: ada }, amr: ['otp'] })
    const [event] = await world.audit.list({ limit: 1 })
    expect(event).toMatchObject({
      type: 'email_code.accepted',
      outcome: 'success',
      accountId: ada,
      actor: { kind: 'account', id: ada },
      address: BY.address,
      detail: { purpose: 'reset_password' },
    })
    expect(JSON.stringify(event)).not.toContain(code)
  })

  test('is proven by the link alone, whose token has 256 bits', async () => {
    await send({ ...RESET, address: ADA })
    const { token } = await latest()
    expect(token).toMatch(/^eml-[\w-]{43}$/)
    expect(await redeem({ purpose: 'reset_password', token })).toMatchObject({ account: { id: ada } })
  })

  test('goes to the address as the account has it, whatever was typed, and its code and link work there', async () => {
    // by lower() of the database these are one address, to a mail relay they are two
    const { id } = await accounts.create({ email: 'mike@example.com' }, SYSTEM)
    const { rows } = await db.query<{ lower: string }>(`SELECT lower('İ')`)
    const typed = rows[0]?.lower === 'i' ? 'mİke@example.com' : 'MIKE@example.com'
    const proof = { address: 'mike@example.com', account: { id } }
    for (const way of ['code', 'token'] as const) {
      await send({ ...RESET, address: typed })
      const { code, token } = await latest()
      const by = way === 'code' ? { address: typed, code } : { token }
      expect(await redeem({ purpose: 'reset_password', ...by })).toMatchObject(proof)
    }
    await send({ ...VERIFY, address: typed })
    expect((await mails()).map(({ to }) => to)).toEqual(Array(3).fill('mike@example.com'))
    const sent = await db.query('SELECT cardinality(sent_at) AS mails FROM email_code_mails')
    expect(sent.rows).toEqual([{ mails: 3 }])
  })

  test('the mail leads to the page that was named, in the language of the person', async () => {
    await send({ ...RESET, address: ADA, language: 'ko', path: '/reset?a=b' })
    const [mail] = await mails()
    expect(mail).toMatchObject({ to: ADA, language: 'ko', template: 'reset_password', data: { minutes: 10 } })
    expect(mail?.data).toMatchObject({ path: expect.stringMatching(/^\/reset\?a=b&token=eml-/) })
  })
})

describe('code and link', () => {
  test.each(['code', 'link'])('count once: after the %s neither opens anything', async (first) => {
    await send({ ...RESET, address: ADA })
    const { code, token } = await latest()
    const byCode = { purpose: 'reset_password', address: ADA, code } as const
    const byLink = { purpose: 'reset_password', token } as const
    expect(await redeem(first === 'code' ? byCode : byLink)).toBeDefined()
    for (const again of [byCode, byLink]) {
      expect(await redeem(again)).toBeUndefined()
      expect(await told()).toEqual(['refused: spent'])
    }
  })

  test('are over after ten minutes', async () => {
    await send({ ...RESET, address: ADA })
    const { code, token } = await latest()
    const { rows } = await db.query<{ left: number }>(
      'SELECT extract(epoch FROM expires_at - now())::int AS left FROM email_codes',
    )
    expect(rows[0]?.left).toBeGreaterThan(590)
    expect(rows[0]?.left).toBeLessThanOrEqual(600)
    await db.query(`UPDATE email_codes SET expires_at = now() - interval '1 millisecond'`)
    for (const late of [{ address: ADA, code }, { token }]) {
      expect(await redeem({ purpose: 'reset_password', ...late })).toBeUndefined()
      expect(await told()).toEqual(['refused: expired'])
    }
    expect(await codes.removeExpired()).toBeUndefined()
    await db.query(`UPDATE email_codes SET expires_at = now() - interval '2 hours'`)
    expect(await codes.removeExpired()).toEqual({ email_codes: 1, email_code_mails: 0 })
  })

  test('a new mail takes the place of the one before', async () => {
    await send({ ...RESET, address: ADA })
    const before = await latest()
    await send({ ...RESET, address: ADA })
    expect(await redeem({ purpose: 'reset_password', token: before.token })).toBeUndefined()
    expect(await told()).toEqual(['refused: spent, expired or never sent'])
    expect(await redeem({ purpose: 'reset_password', address: ADA, code: before.code })).toBeUndefined()
    expect(await told()).toEqual(['refused: wrong code'])
    expect(await redeem({ purpose: 'reset_password', token: (await latest()).token })).toBeDefined()
  })

  test('ASVS 6.6.3: after five wrong codes the right one is refused as well, and the link still works', async () => {
    await send({ ...RESET, address: ADA })
    const { code, token } = await latest()
    for (let wrong = 0; wrong < 5; wrong++) {
      expect(await redeem({ purpose: 'reset_password', address: ADA, code: other(code) })).toBeUndefined()
      expect(await told()).toEqual(['refused: wrong code'])
    }
    expect(await redeem({ purpose: 'reset_password', address: ADA, code })).toBeUndefined()
    expect(await told()).toEqual(['refused: too many wrong codes'])
    expect(await redeem({ purpose: 'reset_password', token })).toBeDefined()
  })

  test('four wrong codes cost nothing, and what is no code is not counted', async () => {
    await send({ ...RESET, address: ADA })
    const { code } = await latest()
    for (const wrong of ['', '1234567', '123456789', 'abcdefgh', `${code}0`]) {
      expect(await redeem({ purpose: 'reset_password', address: ADA, code: wrong })).toBeUndefined()
      expect(await told()).toEqual(['refused: not a code'])
    }
    for (let wrong = 0; wrong < 4; wrong++) await redeem({ purpose: 'reset_password', address: ADA, code: other(code) })
    expect(await redeem({ purpose: 'reset_password', address: ADA, code })).toBeDefined()
  })

  test('wrong codes count for the place that they come from, over all addresses', async () => {
    await send({ ...RESET, address: ADA })
    const { code } = await latest()
    for (let wrong = 0; wrong < 50; wrong++)
      await redeem({ purpose: 'reset_password', address: NOBODY, code: '00000000' })
    await expect(redeem({ purpose: 'reset_password', address: ADA, code })).rejects.toMatchObject({
      code: 'too_many_attempts',
      status: 429,
    })
    expect(await told()).toEqual(['refused: too many attempts'])
    const elsewhere = { ...BY, address: '198.51.100.9' }
    expect(await codes.redeem({ purpose: 'reset_password', address: ADA, code }, elsewhere)).toBeDefined()
  })
})

test('where an address has used up its guesses, a code is redeemed by whoever is signed in or known in the browser', async () => {
  await redeem({ purpose: 'reset_password', address: NOBODY, code: '00000000' })
  const identity = { purpose: 'confirm_identity', accountId: ada } as const
  const strangers = [{}, { device: '' }, { device: world.devices.remember(undefined, eve) }]
  const owners: Partial<RedeemRequest>[] = [{ device: world.devices.remember(undefined, ada) }, { isSignedIn: true }]
  for (const from of [...strangers, ...owners]) {
    await send({ ...identity, address: ADA, language: 'en', path: '/confirm' })
    const code = (await mails()).map(({ data }) => ('code' in data ? data.code : undefined)).at(-1) ?? ''
    await db.query(`UPDATE sign_in_budgets SET empties_at = now() + interval '50 minutes' WHERE kind = 'address'`)
    const proof = redeem({ ...identity, address: ADA, code, ...from })
    if (owners.includes(from)) expect(await proof).toMatchObject({ account: { id: ada } })
    else await expect(proof).rejects.toMatchObject({ code: 'too_many_attempts', status: 429 })
  }
})

describe('V26, V32: what was sent for one thing is worth nothing for another', () => {
  test('the values of the two purposes are not interchangeable', async () => {
    for (const [sent, tried] of [
      [RESET, 'verify_email'],
      [VERIFY, 'reset_password'],
    ] as const) {
      await db.query('DELETE FROM email_codes')
      await send({ ...sent, address: ADA, ...(sent === VERIFY ? { accountId: ada } : {}) })
      const { code, token } = await latest()
      for (const sub of [{}, { sub: ada }]) {
        expect(await redeem({ purpose: tried, address: ADA, code, ...sub })).toBeUndefined()
        expect(await redeem({ purpose: tried, token, ...sub })).toBeUndefined()
        expect(await told(2)).toEqual([
          'refused: spent, expired or never sent',
          'refused: spent, expired or never sent',
        ])
      }
    }
  })

  test('a code of one address opens no other, and one account no other', async () => {
    await send({ ...RESET, address: ADA })
    const own = await latest()
    await send({ ...RESET, address: EVE })
    expect(await redeem({ purpose: 'reset_password', address: EVE, code: own.code })).toBeUndefined()
    await send({ ...VERIFY, address: 'new@example.com', accountId: ada })
    const { code, token } = await latest()
    expect(await redeem({ purpose: 'verify_email', address: 'new@example.com', accountId: eve, code })).toBeUndefined()
    expect(await redeem({ purpose: 'verify_email', accountId: eve, token })).toBeUndefined()
    expect(await told()).toEqual(['refused: of another account'])
    expect(await redeem({ purpose: 'verify_email', accountId: ada, token })).toMatchObject({
      address: 'new@example.com',
      account: { id: ada },
    })
  })

  test('ASVS 6.6.2: what a browser began works in that browser alone, and stays good there', async () => {
    await send({ ...RESET, address: ADA, browser: 'interaction-1' })
    const { code, token } = await latest()
    for (const elsewhere of [{}, { browser: 'interaction-2' }]) {
      expect(await redeem({ purpose: 'reset_password', token, ...elsewhere })).toBeUndefined()
      expect(await told()).toEqual(['refused: of another browser'])
      expect(await redeem({ purpose: 'reset_password', address: ADA, code, ...elsewhere })).toBeUndefined()
      expect(await told()).toEqual(['refused: spent, expired or never sent'])
    }
    expect(await redeem({ purpose: 'reset_password', token, browser: 'interaction-1' })).toBeDefined()
  })

  test('a reset that a stranger begins in their browser neither replaces the own one nor opens in it', async () => {
    await send({ ...RESET, address: ADA, browser: 'own' })
    const own = await latest()
    await send({ ...RESET, address: ADA, browser: 'strange' })
    const strange = await latest()
    expect(await redeem({ purpose: 'reset_password', browser: 'own', token: strange.token })).toBeUndefined()
    expect(await redeem({ purpose: 'reset_password', browser: 'own', address: ADA, code: own.code })).toBeDefined()
  })

  test('nothing is proven once the account is disabled, gone or has another address', async () => {
    const changes: [string, () => Promise<unknown>][] = [
      [
        'the account has another address',
        () => accounts.update(ada, { email: 'moved@example.com' }, undefined, SYSTEM),
      ],
      ['the account is disabled or gone', () => accounts.setStatus(ada, 'disabled', undefined, SYSTEM)],
      ['the account is disabled or gone', () => accounts.remove(ada, undefined, SYSTEM)],
    ]
    let address = ADA
    for (const [reason, change] of changes) {
      if (reason !== 'the account has another address') await accounts.setStatus(ada, 'enabled', undefined, SYSTEM)
      await send({ ...RESET, address })
      const { token } = await latest()
      await change()
      expect(await redeem({ purpose: 'reset_password', token })).toBeUndefined()
      expect(await told()).toEqual([`refused: ${reason}`])
      address = 'moved@example.com'
    }
  })
})

test('a thief of the database finds no code, token, address or account', async () => {
  await send({ ...RESET, address: ADA, browser: 'interaction-1' })
  const { code, token } = await latest()
  const { rows } = await db.query<{ line: string; bytes: Buffer }>(
    `SELECT t::text AS line, key || code_mac || token_hash || sealed AS bytes FROM email_codes t
     UNION ALL SELECT m::text, key FROM email_code_mails m
     UNION ALL SELECT j::text, ''::bytea FROM graphile_worker._private_jobs j`,
  )
  const everything = rows.map(({ line, bytes }) => line + bytes.toString('latin1')).join()
  expect(rows).toHaveLength(3)
  for (const secret of [code, token, ADA, ADA.toLowerCase(), ada, 'interaction-1'])
    expect(everything).not.toContain(secret)
})

test('what is no address is refused before anything is done', async () => {
  await expect(send({ ...RESET, address: 'ada@example.com, eve@example.com' })).rejects.toThrow(TypeError)
  expect(await mails()).toEqual([])
})

test('without a way for mail the service says so, and does as if', async () => {
  const off = world.build(db, true)
  expect([codes.available, off.available]).toEqual([true, false])
  await off.send({ ...RESET, address: ADA }, BY)
  expect(await mails()).toEqual([])
})
