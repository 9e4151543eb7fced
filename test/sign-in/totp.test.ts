/** Setting up and taking away an authenticator app, and what the database keeps of it. */
import { HOTP, Secret } from 'otpauth'
import { expect, test, vi } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { newSecret, setupOf, stepOf } from '#sign-in/totp/one-time-password.ts'
import { createRecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import { createTotp } from '#sign-in/totp/totp.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms, refusal } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const rooms = await openRooms(url)
const { accounts, audit, db } = rooms
const totp = createTotp(rooms)
const codes = createRecoveryCodes(rooms)
let made = 0

const account = () => accounts.create({ email: `person-${(made += 1)}@example.com` }, SYSTEM)
const codeOf = (secret: string, seconds = Date.now() / 1000) =>
  HOTP.generate({ secret: Secret.fromBase32(secret), counter: Math.floor(seconds / 30) })
const last = async () => (await audit.list({ limit: 1 }))[0]

test('ASVS 6.5.5: codes are those of RFC 6238, of 30 seconds, one step either way', () => {
  const secret = Buffer.from('12345678901234567890')
  // RFC 6238, appendix B: the last six of the eight digits
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [2_000_000_000, '279037'],
  ] as const) {
    const step = Math.floor(seconds / 30)
    expect(stepOf(code, secret, seconds)).toBe(step)
    expect(stepOf(code, secret, seconds + 30)).toBe(step)
    expect(stepOf(code, secret, seconds - 30)).toBe(step)
    expect(stepOf(code, secret, seconds + 60)).toBeUndefined()
    expect(stepOf(code, secret, seconds - 60)).toBeUndefined()
  }
})

test('the app is told issuer, account and a secret of 160 bits, as a picture and in letters', () => {
  const setup = setupOf(Buffer.alloc(20, 7), { issuer: 'Signet: Test', account: 'ada+1@example.com' })
  const uri = new URL(setup.uri)
  expect(setup.secret).toMatch(/^[A-Z2-7]{32}$/)
  expect(uri.searchParams.get('secret')).toBe(setup.secret)
  expect(uri.searchParams.get('issuer')).toBe('Signet Test')
  expect(decodeURIComponent(uri.pathname)).toContain('ada+1@example.com')
  expect(setup.qr).toMatch(/^<svg[^>]*>.*<\/svg>$/s)
})

test('nothing changes until a code of the new secret was given, and then the old one is worth nothing', async () => {
  const person = await account()
  const first = await totp.begin(person, 'Signet')
  expect(await totp.isEnrolled(person.id)).toBe(false)
  expect(await totp.pending(person, 'Signet')).toEqual(first)
  await totp.confirm(person.id, codeOf(first.secret), SYSTEM)
  expect(await last()).toMatchObject({ type: 'factor.added', accountId: person.id, detail: { method: 'totp' } })
  expect(await totp.state(person.id)).toMatchObject({ confirmedAt: expect.any(Date), lastUsedAt: null })

  const second = await totp.begin(person, 'Signet')
  const next = () => codeOf(first.secret, Date.now() / 1000 + 30)
  expect(await totp.verify({ accountId: person.id, code: next() }, SYSTEM)).toBeDefined()
  await totp.confirm(person.id, codeOf(second.secret), SYSTEM)
  expect(await totp.verify({ accountId: person.id, code: codeOf(first.secret) }, SYSTEM)).toBeUndefined()
  expect(await totp.pending(person, 'Signet')).toBeUndefined()
})

test('a code that is none of the new secret, or came too late, puts nothing in use', async () => {
  const person = await account()
  const wrong = { code: 'factor_code_wrong', status: 422, faults: [{ field: 'code', given: '(not shown)' }] }
  expect(await refusal(totp.confirm(person.id, '123456', SYSTEM))).toMatchObject(wrong)
  const { secret } = await totp.begin(person, 'Signet')
  expect(await refusal(totp.confirm(person.id, '12345', SYSTEM))).toMatchObject(wrong)
  await db.query('UPDATE totp_credentials SET pending_until = now() WHERE account_sub = $1', [person.id])
  expect(await refusal(totp.confirm(person.id, codeOf(secret), SYSTEM))).toMatchObject(wrong)
  expect(await totp.isEnrolled(person.id)).toBe(false)
})

test('ASVS 6.5.6: it can be taken away, together with what belongs to it, once', async () => {
  const { id: sub, email } = await account()
  const { secret } = await totp.begin({ id: sub, email }, 'Signet')
  await totp.confirm(sub, codeOf(secret), SYSTEM, async (trx) => void (await codes.generate(sub, SYSTEM, trx)))
  expect(await codes.left(sub)).toBe(10)
  await totp.remove(sub, SYSTEM, (trx) => codes.removeAll(trx, sub))
  expect(await last()).toMatchObject({ type: 'factor.removed', accountId: sub, detail: { method: 'totp' } })
  expect([await totp.isEnrolled(sub), await codes.left(sub)]).toEqual([false, 0])
  expect(await refusal(totp.remove(sub, SYSTEM))).toMatchObject({ code: 'factor_not_found', status: 404 })
})

test('ASVS 6.5.8: a code is judged by the clock of the database, whatever that of the server says', async () => {
  const person = await account()
  const { secret } = await totp.begin(person, 'Signet')
  await totp.confirm(person.id, codeOf(secret), SYSTEM)
  const [now, ahead] = [codeOf(secret, Date.now() / 1000 + 30), codeOf(secret, Date.now() / 1000 + 3600)]
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
  try {
    expect(await totp.verify({ accountId: person.id, code: ahead }, SYSTEM)).toBeUndefined()
    expect(await totp.verify({ accountId: person.id, code: now }, SYSTEM)).toBeDefined()
  } finally {
    vi.useRealTimers()
  }
})

test('two sets of recovery codes made at once leave ten codes', async () => {
  const { id: sub } = await account()
  await Promise.all(Array.from({ length: 8 }, () => codes.generate(sub, SYSTEM)))
  expect(await codes.left(sub)).toBe(10)
})

test('ASVS 6.5.2: the tables show neither secret nor code, raw or encoded', async () => {
  const person = await account()
  const { secret } = await totp.begin(person, 'Signet')
  await totp.confirm(person.id, codeOf(secret), SYSTEM)
  const paper = await codes.generate(person.id, SYSTEM)
  const { rows } = await db.query<{ row: string }>(
    `SELECT t::text AS row FROM totp_credentials t UNION ALL SELECT r::text FROM recovery_codes r`,
  )
  const stored = rows.map(({ row }) => row.toLowerCase()).join('\n')
  const raw = Buffer.from(Secret.fromBase32(secret).bytes)
  for (const value of [
    secret,
    raw.toString('hex'),
    raw.toString('base64'),
    ...paper.map((code) => code.replaceAll('-', '')),
  ]) {
    expect(stored).not.toContain(value.toLowerCase())
  }
  expect(new Set(paper).size).toBe(10)
  expect(paper.every((code) => /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/.test(code))).toBe(true)
})

test('a colon in the name of the server does not break the setup: apps split the label at the first one', () => {
  const { uri } = setupOf(newSecret(), { issuer: 'Acme: Sign-in', account: 'ada@example.com' })
  const { pathname, searchParams } = new URL(uri)
  expect(decodeURIComponent(pathname).replace(/^\/+/, '')).toBe('Acme Sign-in:ada@example.com')
  expect(searchParams.get('issuer')).toBe('Acme Sign-in')
})
