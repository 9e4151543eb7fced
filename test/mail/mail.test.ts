/** Mails from the transaction of their cause to a real relay. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Queryable } from '#database/database.ts'
import { freePort } from '../support/ports.ts'
import { asSuperuser, cloneDatabase } from '../support/postgres.ts'
import { type SmtpServer, startSmtp } from '../support/smtp.ts'
import { FROM, ISSUER, openMailWorld } from './world.ts'

/** The machine may be busy. */
const PATIENT = { timeout: 40_000 }
const CERTIFICATES = join(import.meta.dirname, '../main/certificates')
const TO = 'ada@example.com'
const CODE = '40718293'
const TOKEN = 'token-of-a-link'
const DATA = { code: CODE, path: `/verify?token=${TOKEN}`, minutes: 10 } as const

let database: string
let smtp: SmtpServer
beforeAll(async () => void (database = (await cloneDatabase()).url))

beforeEach(async () => {
  await asSuperuser((client) => client.query('DELETE FROM graphile_worker._private_jobs'), database)
  smtp = await startSmtp()
})

function verification(world: Awaited<ReturnType<typeof openMailWorld>>, trx: Queryable = world.db, language = 'en') {
  return world.mail.enqueue(trx, { to: TO, language, template: 'verify_email', data: DATA })
}

test('a mail arrives as text and HTML with a link of the issuer, and nothing of it is left in the outbox', async () => {
  const world = await openMailWorld({ url: database, smtpUrl: smtp.url })
  await verification(world)
  await world.send()
  await expect.poll(() => smtp.taken, PATIENT).toHaveLength(1)
  const [{ from, to, parsed } = expect.fail('no mail')] = smtp.taken
  expect({ from, to }).toEqual({ from: 'id@example.com', to: [TO] })
  expect(parsed.from?.value).toEqual([{ name: 'Example', address: 'id@example.com' }])
  expect(parsed.to).toMatchObject({ text: TO })
  expect(parsed.subject).toBe('Confirm your e-mail address for Signet')
  for (const part of [parsed.text, parsed.html]) {
    expect(part).toContain('4071 8293')
    expect(part).toContain(`${ISSUER}/verify?token=${TOKEN}`)
  }
  expect(parsed.messageId).toMatch(/^<mail-[\w-]{22}@example\.com>$/)
  expect(parsed.headers.get('auto-submitted')).toBe('auto-generated')
  expect(parsed.headers.get('content-language')).toBe('en')
  await expect.poll(world.waiting, PATIENT).toEqual([])
  expect(await world.counted()).toEqual({ sent: 1 })
  expect(JSON.stringify(world.lines)).not.toMatch(new RegExp(`${CODE}|${TOKEN}|${TO}`))
})

test('a mail in Korean arrives with every letter as it was written', async () => {
  const world = await openMailWorld({ url: database, smtpUrl: smtp.url, brand: '예시 회사' })
  await verification(world, world.db, 'ko-KR')
  await world.send()
  await expect.poll(() => smtp.taken, PATIENT).toHaveLength(1)
  const parsed = smtp.taken[0]?.parsed
  expect(parsed?.subject).toBe('예시 회사 이메일 주소를 확인해 주세요')
  expect(parsed?.text).toContain('코드와 링크는 10분 동안 한 번만 쓸 수 있어요.')
  expect(parsed?.html).toContain('이메일 주소 확인하기')
})

test('a cause that is rolled back sends nothing', async () => {
  const world = await openMailWorld({ url: database, smtpUrl: smtp.url })
  await world.send()
  await expect(
    world.db.transaction(async (trx) => {
      await verification(world, trx)
      throw new TypeError('changed our mind')
    }),
  ).rejects.toThrow('changed our mind')
  expect(await world.waiting()).toEqual([])
  await verification(world, world.db, 'ko-KR')
  await expect.poll(world.counted, PATIENT).toEqual({ sent: 1 })
  expect(smtp.taken.map(({ parsed }) => parsed.headers.get('content-language'))).toEqual(['ko'])
  expect(smtp.attempts()).toBe(1)
})

test('what waits in the database shows neither code nor link nor address, before and after a failure', async () => {
  const world = await openMailWorld({ url: database, smtpUrl: `smtp://127.0.0.1:${await freePort()}` })
  await verification(world)
  const secrets = new RegExp(`${CODE}|4071|${TOKEN}|${TO}|ada|Confirm`)
  expect((await world.waiting()).map(({ line }) => line).join()).not.toMatch(secrets)
  await world.send()
  await expect
    .poll(async () => (await world.waiting())[0]?.last_error, PATIENT)
    .toBe('the relay could not be reached (ESOCKET)')
  expect((await world.waiting()).map(({ line }) => line).join()).not.toMatch(secrets)
  expect(world.lines[0]).toMatchObject({
    level: 'warn',
    message: 'a mail waits to be tried again',
    detail: { template: 'verify_email', attempt: 1, reason: 'the relay could not be reached (ESOCKET)' },
  })
  expect(JSON.stringify(world.lines)).not.toMatch(secrets)
  expect(await world.counted()).toEqual({ delayed: 1 })
})

test('a relay that is away gets the mail when it is back, and its copies bear one Message-ID', async () => {
  const port = await freePort()
  const world = await openMailWorld({ url: database, smtpUrl: `smtp://127.0.0.1:${port}` })
  await verification(world)
  await world.send()
  await expect.poll(world.counted, PATIENT).toEqual({ delayed: 1 })
  const late = await startSmtp({ port })
  await expect.poll(() => late.taken, PATIENT).toHaveLength(1)
  await expect.poll(world.waiting, PATIENT).toEqual([])
  expect(await world.counted()).toEqual({ delayed: 1, sent: 1 })
})

test.each([
  { at: 'RCPT TO', code: 451, text: `4.7.1 greylisted, ${TO}` },
  { at: 'DATA', code: 452, text: '4.3.1 full' },
] as const)('a relay that says $code to $at for now is asked again', async (refusal) => {
  smtp.refuse((attempt) => (attempt === 1 ? refusal : undefined))
  const world = await openMailWorld({ url: database, smtpUrl: smtp.url })
  await verification(world)
  await world.send()
  await expect.poll(() => smtp.taken, PATIENT).toHaveLength(1)
  expect(smtp.attempts()).toBe(2)
  const reason = `the relay answered ${refusal.code} ${refusal.text.slice(0, 5)} to ${refusal.at}`
  expect(world.lines[0]).toMatchObject({ message: 'a mail waits to be tried again', detail: { reason } })
  expect(JSON.stringify(world.lines)).not.toContain(TO)
})

test.each([
  { at: 'RCPT TO', code: 550, text: `5.1.1 no such user ${TO}` },
  { at: 'DATA', code: 554, text: '5.7.1 spam' },
] as const)('a mail that a relay refuses for good with $code to $at is given up at once', async (refusal) => {
  smtp.refuse(() => refusal)
  const world = await openMailWorld({ url: database, smtpUrl: smtp.url })
  await verification(world)
  await world.send()
  await expect.poll(world.counted, PATIENT).toEqual({ dropped: 1 })
  await expect.poll(world.waiting, PATIENT).toEqual([])
  expect(smtp.attempts()).toBe(1)
  expect(world.lines).toMatchObject([{ level: 'warn', message: 'a mail was given up', detail: { attempt: 1 } }])
  expect(JSON.stringify(world.lines)).not.toContain(TO)
})

test('a mail whose code no longer works is dropped instead of sent', async () => {
  let now = Date.now()
  const world = await openMailWorld({ url: database, smtpUrl: smtp.url, clock: { now: () => new Date(now) } })
  await verification(world)
  now += 10 * 60_000 + 1
  await world.send()
  await expect.poll(world.counted, PATIENT).toEqual({ dropped: 1 })
  await expect.poll(world.waiting, PATIENT).toEqual([])
  expect(smtp.attempts()).toBe(0)
  expect(world.lines).toMatchObject([{ message: 'a mail is of no use any more; it is dropped' }])
})

test('a mail that was sealed by a key that is gone is dropped and told', async () => {
  const before = await openMailWorld({ url: database, smtpUrl: smtp.url, masterKey: randomBytes(32) })
  await verification(before)
  const after = await openMailWorld({ url: database, smtpUrl: smtp.url, masterKey: randomBytes(32) })
  await after.send()
  await expect.poll(after.counted, PATIENT).toEqual({ dropped: 1 })
  expect(after.lines).toMatchObject([
    { level: 'error', message: 'a mail was sealed by a master key that is not given; it is dropped' },
  ])
  expect(smtp.attempts()).toBe(0)
})

test('two nodes send each mail once', async () => {
  const first = await openMailWorld({ url: database, smtpUrl: smtp.url, masterKey: randomBytes(32).fill(1) })
  const second = await openMailWorld({ url: database, smtpUrl: smtp.url, masterKey: randomBytes(32).fill(1) })
  await Promise.all([first.send(), second.send()])
  await Promise.all(Array.from({ length: 30 }, () => verification(first)))
  await expect.poll(() => smtp.taken, PATIENT).toHaveLength(30)
  await expect.poll(first.waiting, PATIENT).toEqual([])
  const sent = () => Promise.all([first, second].map(async (node) => (await node.counted())['sent'] ?? 0))
  await expect.poll(async () => (await sent()).reduce((sum, count) => sum + count), PATIENT).toBe(30)
  expect(new Set(smtp.taken.map(({ parsed }) => parsed.messageId)).size).toBe(30)
  expect(smtp.taken).toHaveLength(30)
  expect(Math.min(...(await sent()))).toBeGreaterThan(0)
})

test('a relay that falls silent is left within the time of an attempt', async () => {
  const silent = await startSmtp({ onConnect: () => undefined })
  const world = await openMailWorld({ url: database, smtpUrl: silent.url })
  await verification(world)
  await world.send(700)
  await expect.poll(async () => (await world.waiting())[0]?.last_error, PATIENT).toMatch(/time|ETIMEDOUT/)
})

describe('injection', () => {
  test.each([
    'ada@example.com\r\nBcc: all@example.com',
    'ada@example.com, eve@example.com',
    'ada@example.com> SIZE=1',
    '"ada"@example.com',
    'Ada <ada@example.com>',
    'ada@example.com\0',
    '',
  ])('an address that is not one plain address is refused: %j', async (to) => {
    const world = await openMailWorld({ url: database, smtpUrl: smtp.url })
    await expect(
      world.mail.enqueue(world.db, { to, language: 'en', template: 'verify_email', data: DATA }),
    ).rejects.toThrow(new TypeError('a mail needs one plain address'))
    expect(await world.waiting()).toEqual([])
  })

  test('names of people and of the server add no header, no recipient and no part', async () => {
    const evil = 'Evil\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>'
    const world = await openMailWorld({ url: database, smtpUrl: smtp.url, brand: evil })
    const data = {
      change: 'passkey_added',
      name: evil,
      device: evil,
      at: new Date(0).toISOString(),
      path: '/account',
    } as const
    await world.mail.enqueue(world.db, { to: TO, language: 'en', template: 'factor_changed', data })
    await world.send()
    await expect.poll(() => smtp.taken, PATIENT).toHaveLength(1)
    const [{ to, parsed, raw } = expect.fail('no mail')] = smtp.taken
    expect(to).toEqual([TO])
    expect(parsed.headers.has('bcc')).toBe(false)
    expect(raw).not.toMatch(/^Bcc:/im)
    expect(parsed.subject).toMatch(/^A passkey was added at Evil Bcc: eve@example\.com <script>/)
    expect(parsed.html).not.toContain('<script')
    expect((await simpleParser(raw)).attachments).toEqual([])
  })
})

describe('TLS and credentials', () => {
  test('the relay is logged in to as its URL says, over STARTTLS it must offer elsewhere', async () => {
    const names: string[] = []
    const asking = await startSmtp({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _, done) {
        names.push(`${username}/${password}`)
        done(null, { user: username })
      },
    })
    const url = asking.url.replace('smtp://', 'smtp://the%40user:p%2Fw@')
    const world = await openMailWorld({ url: database, smtpUrl: url })
    await verification(world)
    await world.send()
    await expect.poll(() => asking.taken, PATIENT).toHaveLength(1)
    expect(names).toEqual(['the@user/p/w'])
  })

  test('a relay elsewhere without STARTTLS gets nothing, unless its URL gives TLS up', async () => {
    const elsewhere = smtp.url.replace('127.0.0.1', '0.0.0.0') // this machine, by an address that does not say so
    const refused = await openMailWorld({ smtpUrl: elsewhere })
    await verification(refused)
    await refused.send()
    await expect.poll(refused.counted, PATIENT).toEqual({ delayed: 1 })
    expect(refused.lines[0]).toMatchObject({ detail: { reason: 'the relay answered 500 to STARTTLS' } })
    expect(smtp.attempts()).toBe(0)
    const allowed = await openMailWorld({ smtpUrl: `${elsewhere}?tls=off` })
    await verification(allowed)
    await allowed.send()
    await expect.poll(() => smtp.taken, PATIENT).toHaveLength(1)
  })

  test('a relay whose certificate nobody vouches for gets nothing', async () => {
    const [key, cert] = ['first.key', 'first.crt'].map((name) => readFileSync(join(CERTIFICATES, name)))
    const secure = await startSmtp({ secure: true, disabledCommands: [], key, cert })
    const world = await openMailWorld({ url: database, smtpUrl: secure.url.replace('smtp:', 'smtps:') })
    await verification(world)
    await world.send()
    await expect.poll(world.counted, PATIENT).toEqual({ delayed: 1 })
    expect(secure.attempts()).toBe(0)
    expect(world.lines[0]).toMatchObject({
      detail: { reason: expect.stringMatching(/^the relay could not be reached \(/) },
    })
  })
})

describe('without a relay', () => {
  test('mail is off in production: nothing waits, and who asks is told', async () => {
    const world = await openMailWorld({ url: database })
    expect(world.mail.available).toBe(false)
    await verification(world)
    expect(await world.waiting()).toEqual([])
  })

  test('the last hundred mails are kept in development, sealed', async () => {
    const world = await openMailWorld({ url: database, production: false })
    expect(world.mail.available).toBe(true)
    await world.send()
    await Promise.all(Array.from({ length: 103 }, () => verification(world)))
    await expect.poll(world.waiting, PATIENT).toEqual([])
    const { rows } = await world.db.query<{ line: string }>('SELECT t::text AS line FROM kept_mails t')
    expect(rows.length).toBeGreaterThanOrEqual(100)
    expect(rows.length).toBeLessThan(103)
    const bytes = Buffer.from(rows.map(({ line }) => line.split('\\\\x')[1]?.split('"')[0] ?? '').join(''), 'hex')
    expect(bytes.length).toBeGreaterThan(100_000)
    expect(`${rows.map(({ line }) => line).join()}${bytes.toString('latin1')}`).not.toMatch(
      new RegExp(`${CODE}|${TOKEN}|${FROM}`),
    )
  })
})
