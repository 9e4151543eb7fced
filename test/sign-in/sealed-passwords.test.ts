/** Hashes of passwords are sealed for their account, and those that an earlier release left in plain are sealed later. */
import { hash as argon2Hash } from '@node-rs/argon2'
import { beforeEach, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { createPasswords } from '#sign-in/password/passwords.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const rooms = await openRooms(url)
const { accounts, db } = rooms
const passwords = createPasswords(rooms)
const PASSWORD = 'correct horse battery staple'
const NEXT = 'seven purple lanterns drift'
const BY = { actor: { kind: 'anonymous' } } as const
const CHEAP = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

beforeEach(() => db.query('DELETE FROM accounts'))

async function person(email: string, password = PASSWORD) {
  const store = await passwords.prepare(password)
  return accounts.create({ email }, SYSTEM, (trx, { id }) => store(trx, id))
}

const signsIn = async (identifier: string, password: string) =>
  (await passwords.verify({ identifier, password }, BY)) !== undefined

/** What a node of the release before writes when somebody sets a password. */
async function setInPlain(id: string, password: string): Promise<void> {
  const hash = await argon2Hash(password, CHEAP)
  await db.query(
    `INSERT INTO password_credentials (account_sub, hash) VALUES ($1, $2)
     ON CONFLICT (account_sub) DO UPDATE SET hash = excluded.hash, must_change = false, updated_at = now()`,
    [id, hash],
  )
}

const rowsInPlain = async () => (await db.query('SELECT FROM password_credentials WHERE hash IS NOT NULL')).rowCount
const wholeTable = async () =>
  (
    await db.query<{ line: string }>(`SELECT encode(sealed, 'escape') || p::text AS line FROM password_credentials p`)
  ).rows
    .map(({ line }) => line)
    .join()

test('however a password is set, its hash is sealed', async () => {
  const ada = await person('ada@example.com')
  expect(await wholeTable()).not.toContain('argon2')
  expect(await passwords.change(ada, { current: PASSWORD, next: NEXT }, BY)).toBe(true)
  expect(await wholeTable()).not.toContain('argon2')
  await passwords.reset(ada, PASSWORD, BY)
  expect(await wholeTable()).not.toContain('argon2')
  expect(await signsIn('ada@example.com', PASSWORD)).toBe(true)
})

test('a sealed hash is worth nothing in the row of another account', async () => {
  const [ada, eve] = [await person('ada@example.com'), await person('eve@example.com', NEXT)]
  await db.query(
    `UPDATE password_credentials SET sealed = (SELECT sealed FROM password_credentials WHERE account_sub = $2)
     WHERE account_sub = $1`,
    [ada.id, eve.id],
  )
  await expect(signsIn('ada@example.com', NEXT)).rejects.toMatchObject({ name: 'SealError' })
})

test('a hash in plain lets its owner sign in, and is sealed by the job, on two nodes at once', async () => {
  const people = await Promise.all(
    Array.from({ length: 3 }, (_, at) => accounts.create({ email: `p${at}@example.com` }, SYSTEM)),
  )
  for (const { id } of people) await setInPlain(id, PASSWORD)
  expect(await signsIn('p0@example.com', PASSWORD)).toBe(true)
  const sealed = await Promise.all([passwords.sealPlain(), createPasswords(await openRooms(url)).sealPlain()])
  expect(sealed[0] + sealed[1]).toBe(3)
  expect([await rowsInPlain(), await passwords.sealPlain()]).toEqual([0, 0])
  expect(await signsIn('p1@example.com', PASSWORD)).toBe(true)
  expect(await signsIn('p1@example.com', NEXT)).toBe(false)
})

test('a password that a node of the release before set since counts, and a change here replaces it', async () => {
  const ada = await person('ada@example.com')
  await setInPlain(ada.id, NEXT)
  expect([await signsIn('ada@example.com', PASSWORD), await signsIn('ada@example.com', NEXT)]).toEqual([false, true])
  expect(await passwords.change(ada, { current: NEXT, next: PASSWORD }, BY)).toBe(true)
  expect(await rowsInPlain()).toBe(0)
  expect([await signsIn('ada@example.com', PASSWORD), await signsIn('ada@example.com', NEXT)]).toEqual([true, false])
})
