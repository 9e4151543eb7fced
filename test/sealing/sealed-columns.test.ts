/** Whoever seals something stands in the list of sealed columns, or it is lost with the master key that sealed it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSealedColumns } from '#sealing/sealed-columns-store.ts'
import { SEALED_COLUMNS } from '#services/sealed-columns.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { openRooms } from '../support/rooms.ts'
import { asSuperuser, cloneDatabase } from '../support/postgres.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Every file that calls `seal` of a keyring, with the columns where it lands. */
const SEALERS: Readonly<Record<string, readonly string[]>> = {
  'src/sealing/sealed-columns-store.ts': [], // what is there already, anew
  'src/mail/kept-mail-store.ts': ['kept_mails.sealed'],
  'src/mail/sealed-mail.ts': [], // in the outbox, until it is sent
  'src/oidc/sessions/seen-from.ts': ['sessions.seen_from'],
  'src/oidc/interactions/way-back.ts': [], // in the cookie of the interaction
  'src/oidc/adapter/sealing.ts': ['artefacts.sealed', 'sessions.sealed'],
  'src/verification/email-code/seals.ts': ['email_codes.sealed'],
  'src/verification/email-verification/email-verifications.ts': ['mail_errands.sealed'],
  'src/federation/credentials.ts': ['upstreams.credential'],
  'src/federation/posted-names.ts': [], // in an address, for the next page
  'src/federation/requests.ts': ['upstream_offers.sealed', 'upstream_requests.sealed'],
  'src/federation/sign-out.ts': [], // in an address, for ten minutes
  'src/sign-in/password/sealed-passwords.ts': ['password_credentials.sealed'],
  'src/sign-in/user-code/user-code-store.ts': ['user_codes.sealed'],
  'src/sign-in/totp/totp.ts': ['totp_credentials.sealed', 'totp_credentials.pending'],
  'src/signing-keys/key-changes.ts': ['signing_keys.private_jwk'],
  'src/sealing/master-key-store.ts': ['pepper.sealed'], // and each key's own check, which it alone opens
}

/** The other columns of bytes: what they hold instead. */
const NOT_SEALED: Readonly<Record<string, string>> = {
  'artefacts.id': 'a digest',
  'artefacts.successor': 'sealed under the token before it',
  'artefacts.user_code': 'a keyed digest',
  'client_registrations.metadata_digest': 'a digest',
  'client_registrations.token_digest': 'a digest',
  'client_secrets.digest': 'a digest',
  'email_code_mails.key': 'a keyed digest',
  'email_codes.code_mac': 'a keyed digest',
  'email_codes.key': 'a keyed digest',
  'email_codes.token_hash': 'a digest',
  'initial_access_tokens.digest': 'a digest',
  'invitations.token_hash': 'a digest',
  'mail_errands.key': 'a digest',
  'master_key_checks.sealed': 'opens with its own key alone',
  'passkey_users.user_handle': 'random, told to authenticators',
  'passkeys.credential_id': 'told by the authenticator',
  'passkeys.public_key': 'public',
  'recovery_codes.mac': 'a keyed digest',
  'refused_registrations.metadata_digest': 'a digest',
  'replay_reservations.id': 'a digest',
  'revoked_tokens.id': 'a digest',
  'session_ids.id': 'a digest',
  'sign_in_attempts.key': 'a keyed digest',
  'sign_in_budgets.key': 'a keyed digest',
  'sign_in_progress.interaction_id': 'a digest',
  'spent_passkey_challenges.digest': 'a digest',
  'upstream_offers.interaction_id': 'a digest',
  'upstream_requests.interaction_id': 'a digest',
  'upstream_requests.state_hash': 'a digest',
}

const registered = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`)

test('every file that seals is known, with the columns that the list has', () => {
  const sealing = globSync('src/**/*.ts', { cwd: ROOT }).filter((path) =>
    /\bkeyring\.seal\(/.test(readFileSync(join(ROOT, path), 'utf8')),
  )
  expect(sealing.toSorted()).toEqual(Object.keys(SEALERS).toSorted())
  expect(registered.toSorted()).toEqual(Object.values(SEALERS).flat().toSorted())
})

test('every column of bytes in the schema is in the list, or is said to hold something else', async () => {
  const { url } = await cloneDatabase()
  const { rows } = await asSuperuser(
    (client) =>
      client.query<{ name: string }>(
        `SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE a.atttypid = 'bytea'::regtype AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND c.relnamespace = 'public'::regnamespace`,
      ),
    url,
  )
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...registered, ...Object.keys(NOT_SEALED)].toSorted())
})

test('a value that was altered stays as it is, and the others are sealed anew', async () => {
  const { url } = await cloneDatabase()
  const { db } = await openRooms(url)
  const [old, fresh] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const before = createKeyring([old])
  for (const id of ['mail-1', 'mail-2', 'mail-3']) {
    const sealed = before.seal('kept-mail', id, id)
    if (id === 'mail-2') sealed.writeUInt8(sealed.readUInt8(sealed.length - 1) ^ 1, sealed.length - 1)
    await db.query('INSERT INTO kept_mails (id, sealed) VALUES ($1, $2)', [id, sealed])
  }
  const columns = createSealedColumns(db, createKeyring([fresh, old]), SEALED_COLUMNS)
  expect(await columns.rewrap(10)).toBe(2)
  expect(await columns.rewrap(10)).toBe(0)
  expect((await columns.remaining()).get(before.primaryKeyId)).toBe(1)
  const { rows } = await db.query<{ id: string; sealed: Buffer }>(
    "SELECT id, sealed FROM kept_mails WHERE id <> 'mail-2' ORDER BY id",
  )
  for (const { id, sealed } of rows) expect(createKeyring([fresh]).open('kept-mail', sealed, id).toString()).toBe(id)
})

test('what is written while it runs is not overwritten', async () => {
  const { url } = await cloneDatabase()
  const { db } = await openRooms(url)
  const [old, fresh] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  await db.query("INSERT INTO kept_mails (id, sealed) VALUES ('mail-1', $1)", [
    createKeyring([old]).seal('kept-mail', 'before', 'mail-1'),
  ])
  const newer = createKeyring([old]).seal('kept-mail', 'meanwhile', 'mail-1')
  const meanwhile: typeof db.query = async (text, values) => {
    if (text.trimStart().startsWith('UPDATE')) {
      await db.query("UPDATE kept_mails SET sealed = $1 WHERE id = 'mail-1'", [newer])
    }
    return db.query(text, values)
  }
  const columns = createSealedColumns({ query: meanwhile }, createKeyring([fresh, old]), SEALED_COLUMNS)
  expect(await columns.rewrap(10)).toBe(0)
  const { rows } = await db.query<{ sealed: Buffer }>('SELECT sealed FROM kept_mails')
  expect(rows).toEqual([{ sealed: newer }])
})
