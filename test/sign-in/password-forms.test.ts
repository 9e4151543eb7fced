/** A password is the same from every keyboard and system (RFC 8265), and one that was hashed as typed still works. */
import { hash as argon2Hash } from '@node-rs/argon2'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { Account } from '#accounts/account.ts'
import { SignInBusy } from '#sign-in/errors.ts'
import { createHasher } from '#sign-in/hashing.ts'
import { createPasswords } from '#sign-in/password/passwords.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms } from '../support/rooms.ts'

const rooms = await openRooms((await cloneDatabase()).url)
const { accounts, db, keyring } = rooms
const checked: string[] = []
/** Checks of this form of the password find the queue full. */
let refused: string | undefined
const hasher = createHasher()
const passwords = createPasswords({
  ...rooms,
  hasher: {
    ...hasher,
    verify: (phc, password) => {
      checked.push(password)
      if (password === refused) return Promise.reject(new SignInBusy())
      return hasher.verify(phc, password)
    },
  },
})
const COMPOSED = 'caf\u00E9 zw\u00F6lf lanterns drift'
const DECOMPOSED = COMPOSED.normalize('NFD')
const OTHER_SPACES = COMPOSED.replace(' ', '\u00A0').replace(' ', '\u3000')
const BY = { actor: { kind: 'anonymous' } } as const
let ada: Account

beforeAll(async () => {
  const store = await passwords.prepare(DECOMPOSED)
  ada = await accounts.create({ email: 'ada@example.com' }, SYSTEM, (trx, { id }) => store(trx, id))
})

const signsIn = async (password: string, identifier = 'ada@example.com') =>
  (await passwords.verify({ identifier, password }, BY)) !== undefined

test.each([COMPOSED, DECOMPOSED, OTHER_SPACES])('%j is the same password, checked once', async (typed) => {
  checked.length = 0
  expect(await signsIn(typed)).toBe(true)
  expect(checked).toEqual([COMPOSED])
})

test.each([COMPOSED.toUpperCase(), `${COMPOSED} `, COMPOSED.slice(0, -1)])('%j is another password', async (typed) => {
  expect(await signsIn(typed)).toBe(false)
})

test('a changed password is stored in the same form', async () => {
  const next = 'sieben blaue D\u00E4cher am Meer'
  expect(await passwords.change(ada, { current: OTHER_SPACES, next: next.normalize('NFD') }, BY)).toBe(true)
  expect(await signsIn(next)).toBe(true)
  await passwords.reset(ada, DECOMPOSED, BY)
  expect(await signsIn(COMPOSED)).toBe(true)
})

test('a hash of the password as it was typed matches second, and is replaced then', async () => {
  const raw = await argon2Hash(DECOMPOSED, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  await db.query('UPDATE password_credentials SET sealed = $1', [keyring.seal('password', raw, ada.id)])
  expect(await signsIn(COMPOSED)).toBe(false)
  checked.length = 0
  expect(await signsIn(DECOMPOSED)).toBe(true)
  expect(checked).toEqual([COMPOSED, DECOMPOSED])
  expect(await signsIn(COMPOSED)).toBe(true)
})

test('ASVS 6.3.8: for unknown people the same forms are checked', async () => {
  for (const typed of [COMPOSED, DECOMPOSED]) {
    checked.length = 0
    await signsIn(`${typed}!`)
    const known = checked.splice(0)
    await signsIn(`${typed}!`, 'nobody@example.com')
    expect(checked).toEqual(known)
    expect(known).toHaveLength(typed === COMPOSED ? 1 : 2)
  }
})

describe('a server that is too busy', () => {
  const BUSY = { name: 'SignInBusy', status: 503 }
  const guess = DECOMPOSED.toUpperCase()
  const failures = async (who: string) =>
    (await db.query(`SELECT FROM audit_events WHERE type = 'sign_in.failed' AND reason = $1`, [who])).rowCount

  afterEach(() => {
    refused = undefined
  })

  test('for the second form has had a look: each such guess counts, until the next has to wait', async () => {
    refused = guess
    const before = await failures('wrong password')
    await expect(signsIn(guess)).rejects.toMatchObject(BUSY)
    expect(await failures('wrong password')).toBe(before + 1)
    const answers: unknown[] = []
    for (let tries = 0; tries < 20 && !answers.includes('TooManyAttempts'); tries++) {
      answers.push(await signsIn(guess).catch(({ name }: Error) => name))
    }
    expect(answers.at(-1)).toBe('TooManyAttempts')
  })

  test('for the first form has had none, and counts nothing', async () => {
    refused = guess.normalize('NFC')
    for (let tries = 0; tries < 20; tries++) {
      await expect(signsIn(guess, 'bob@example.com')).rejects.toMatchObject(BUSY)
    }
  })
})
