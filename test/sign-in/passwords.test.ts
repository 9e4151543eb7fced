/** Password sign-in on PostgreSQL: who is let in, what is audited, and that nobody learns who has an account. */
import { createHash } from 'node:crypto'
import { hash as argon2Hash } from '@node-rs/argon2'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Account, Accounts } from '#accounts/account.ts'
import { createAccounts } from '#accounts/accounts.ts'
import { SYSTEM, type Audit, type AuditContext, type StoredAuditEvent } from '#audit/audit.ts'
import { createAudit } from '#audit/recorder.ts'
import type { Queryable } from '#database/database.ts'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { systemClock } from '#shared/clock.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { createHasher, type Hasher } from '#sign-in/hashing.ts'
import { PasswordInvalid, SignInBusy } from '#sign-in/errors.ts'
import { createKnownDevices } from '#sign-in/known-devices.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import { createPasswords, type PasswordsDeps } from '#sign-in/password/passwords.ts'
import { atEnd } from '../support/endings.ts'
import { cloneDatabase } from '../support/postgres.ts'

const PASSWORD = 'correct horse battery staple'
/** 256 characters without a pattern. */
const LONG = ['a', 'b'].map((half) => createHash('sha512').update(half).digest('hex')).join('')
const BROWSER: AuditContext = { actor: { kind: 'anonymous' }, address: '192.0.2.7', requestId: 'req-1' }

const keyring = createKeyring([Buffer.alloc(32, 7)])

let db: PooledDatabase
let audit: Audit
let accounts: Accounts
let passwords: Passwords
let ada: Account
let deps: PasswordsDeps

beforeAll(async () => {
  db = createDatabase({ url: (await cloneDatabase()).url })
  atEnd(() => db.close())
  audit = createAudit({ db })
  accounts = createAccounts({ db, audit, clock: systemClock })
  const devices = createKnownDevices({ keyring })
  deps = { db, accounts, audit, keyring, attempts: createAttempts({ db, keyring }), devices }
  passwords = createPasswords(deps)
})

beforeEach(async () => {
  await db.query('DELETE FROM accounts')
  await db.query('DELETE FROM sign_in_attempts; DELETE FROM sign_in_budgets')
  ada = await accounts.create({ email: 'ada@example.com', name: 'Ada' }, SYSTEM, await withPassword(PASSWORD))
})

async function withPassword(password: string): Promise<(trx: Queryable, account: Account) => Promise<void>> {
  const store = await passwords.prepare(password)
  return (trx, account) => store(trx, account.id)
}

async function signIn(identifier: string, password: string): Promise<Account | undefined> {
  return (await passwords.verify({ identifier, password, clientId: 'shop' }, BROWSER))?.account
}

async function lastSignIn(): Promise<StoredAuditEvent> {
  const events = await audit.list({ limit: 20 })
  const event = events.find(({ type }) => type.startsWith('sign_in.'))
  if (!event) throw new Error('no sign-in was audited')
  return event
}

describe('the right password', () => {
  test('signs the person in and leaves an event with account, client, address and request', async () => {
    expect(await signIn('ada@example.com', PASSWORD)).toMatchObject({ id: ada.id, email: 'ada@example.com' })
    expect(await lastSignIn()).toMatchObject({
      type: 'sign_in.succeeded',
      outcome: 'success',
      actor: { kind: 'account', id: ada.id },
      accountId: ada.id,
      clientId: 'shop',
      address: '192.0.2.7',
      requestId: 'req-1',
      detail: { method: 'password' },
    })
  })

  test.each(['ADA@Example.COM', '  ada@example.com\t'])('signs in with the address typed as %j', async (typed) => {
    expect(await signIn(typed, PASSWORD)).toMatchObject({ id: ada.id })
  })

  test('renews a hash that was made with less work, which then still matches', async () => {
    const weak = await argon2Hash(PASSWORD, { memoryCost: 8192, timeCost: 1, parallelism: 1 })
    await db.query('UPDATE password_credentials SET sealed = $1', [keyring.seal('password', weak, ada.id)])
    expect(await signIn('ada@example.com', PASSWORD)).toBeDefined()
    const { rows } = await db.query<{ sealed: Buffer }>('SELECT sealed FROM password_credentials')
    expect(keyring.open('password', rows[0]?.sealed as Buffer, ada.id).toString()).toMatch(
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/,
    )
    expect(await signIn('ada@example.com', PASSWORD)).toBeDefined()
  })

  test('leaves a hash alone that was made with enough work', async () => {
    const before = await db.query('SELECT sealed FROM password_credentials')
    await signIn('ada@example.com', PASSWORD)
    expect((await db.query('SELECT sealed FROM password_credentials')).rows).toEqual(before.rows)
  })
})

describe('a refused attempt', () => {
  const attempts = [
    { what: 'a wrong password', identifier: 'ada@example.com', password: 'wrong horse', reason: 'wrong password' },
    { what: 'an unknown address', identifier: 'eve@example.com', password: PASSWORD, reason: 'unknown identifier' },
    { what: 'what is no address', identifier: 'x\0y', password: PASSWORD, reason: 'unknown identifier' },
    { what: 'an empty password', identifier: 'ada@example.com', password: '', reason: 'wrong password' },
    {
      what: 'a password cut short',
      identifier: 'ada@example.com',
      password: PASSWORD.slice(0, -1),
      reason: 'wrong password',
    },
  ]

  test.each(attempts)('with $what is undefined and leaves an event', async ({ identifier, password, reason }) => {
    expect(await signIn(identifier, password)).toBeUndefined()
    expect(await lastSignIn()).toMatchObject({
      type: 'sign_in.failed',
      outcome: 'failure',
      actor: { kind: 'anonymous' },
      clientId: 'shop',
      reason,
    })
  })

  test('of a disabled account is refused like a wrong password, though the password is right', async () => {
    await accounts.setStatus(ada.id, 'disabled', undefined, SYSTEM)
    expect(await signIn('ada@example.com', PASSWORD)).toBeUndefined()
    expect(await lastSignIn()).toMatchObject({ reason: 'the account is disabled', accountId: ada.id })
  })

  test('of an account without a password is refused like an unknown one', async () => {
    await accounts.create({ email: 'bob@example.com' }, SYSTEM)
    expect(await signIn('bob@example.com', PASSWORD)).toBeUndefined()
    expect(await lastSignIn()).toMatchObject({ reason: 'the account has no password' })
  })

  test('keeps neither the identifier that was typed nor the password in the audit log', async () => {
    await signIn('my secret in the wrong field', 'another secret of mine')
    const { rows } = await db.query('SELECT * FROM audit_events')
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toMatch(/secret/)
  })

  test('costs one verification whether or not the person is known (ASVS 6.3.8)', async () => {
    const counted = countVerifications(createHasher())
    const measured = createPasswords({ ...deps, hasher: counted.hasher })
    await accounts.create({ email: 'bob@example.com' }, SYSTEM)
    for (const { identifier, password } of [...attempts, { identifier: 'bob@example.com', password: PASSWORD }]) {
      const before = counted.count()
      await measured.verify({ identifier, password }, BROWSER)
      expect([identifier, counted.count() - before]).toEqual([identifier, 1])
    }
  })

  test('for want of room is told apart from a wrong password', async () => {
    const full = createPasswords({ ...deps, hasher: createHasher({ concurrency: 1, maxWaiting: () => 1 }) })
    const rush = Array.from({ length: 8 }, () =>
      full.verify({ identifier: 'ada@example.com', password: PASSWORD }, BROWSER),
    )
    const outcomes = await Promise.allSettled(rush)
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every((outcome) => outcome.reason instanceof SignInBusy)).toBe(true)
    expect(outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value?.account.id === ada.id)).toBe(
      true,
    )
  })
})

describe('a first password', () => {
  test.each([
    ['7 characters', 'a'.repeat(7)],
    ['257 characters', 'a'.repeat(257)],
    ['7 characters outside the basic plane', '🔑'.repeat(7)],
  ])('of %s is refused, with the limits and without the password', async (_what, password) => {
    const refusal = await passwords.prepare(password).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(PasswordInvalid)
    const count = `${Array.from(password).length} characters`
    expect(refusal).toMatchObject({
      status: 400,
      code: 'password_invalid',
      message: `The password has ${count}; it must have 8 to 256 characters.`,
      problem: 'length',
      faults: [{ field: 'password', given: count, expected: '8 to 256 characters' }],
    })
    await expect(passwords.check(password)).rejects.toThrow(PasswordInvalid)
  })

  test.each(['kj8 #äß漢x', `🔑🗝 ${LONG.slice(0, 253)}`, '\0 \t tab and NUL 7', 'é two spellings e\u0301'])(
    'of 8 to 256 characters of any kind is taken',
    async (password) => {
      await accounts.create({ email: 'bob@example.com' }, SYSTEM, await withPassword(password))
      expect(await signIn('bob@example.com', password)).toMatchObject({ email: 'bob@example.com' })
    },
  )

  test('is marked to be changed when that is asked for, and not otherwise', async () => {
    const store = await passwords.prepare(PASSWORD, { mustChange: true })
    await accounts.create({ email: 'bob@example.com' }, SYSTEM, (trx, account) => store(trx, account.id))
    const { rows } = await db.query('SELECT must_change FROM password_credentials ORDER BY must_change')
    expect(rows).toEqual([{ must_change: false }, { must_change: true }])
  })

  test('is never set a second time', async () => {
    const store = await passwords.prepare('another password')
    await expect(db.transaction((trx) => store(trx, ada.id))).rejects.toThrow(/duplicate key/)
    expect(await signIn('ada@example.com', PASSWORD)).toBeDefined()
  })
})

function countVerifications(hasher: Hasher): { hasher: Hasher; count: () => number } {
  let verifications = 0
  return {
    hasher: {
      ...hasher,
      verify(phc, password) {
        verifications += 1
        return hasher.verify(phc, password)
      },
    },
    count: () => verifications,
  }
}
