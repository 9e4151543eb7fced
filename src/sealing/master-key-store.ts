/** Records which master keys the database is sealed with, so that a server that lacks one of them refuses to start. */
import { randomBytes } from 'node:crypto'
import type { Database, Queryable } from '#database/database.ts'
import type { SealedColumn } from './sealed-column.ts'
import { AppError } from '#shared/app-error.ts'
import type { Keyring } from './keyring.ts'

/** A master key that seals values in this database is missing from the keyring; the message names it. */
export class MasterKeyWrong extends AppError {
  override readonly code = 'master_key_wrong'
  override readonly status = 500
}

const PURPOSE = 'master-key-check'
const PEPPER = 'pepper'
/** How long a key counts as in use after a server last reported it, in seconds. */
export const IN_USE_SECONDS = 15

/** The sealed pepper. The checks below are not listed, because each must stay sealed under its own key. */
export const SEALED_PEPPER: SealedColumn = {
  table: 'pepper',
  column: 'sealed',
  purpose: PEPPER,
  names: [],
  context: () => PEPPER,
}

interface Check {
  readonly key_id: string
  readonly sealed: Buffer
}

/**
 * Compares the keyring with the database, and records that this server seals under its primary key. An empty database
 * takes that key as its first; a new key is added to the known ones. Throws MasterKeyWrong when the keyring lacks a
 * known key.
 */
export async function checkMasterKeys(db: Database, keyring: Keyring): Promise<void> {
  const known = await readChecks(db)
  if (known.some(({ key_id: id }) => id === keyring.primaryKeyId)) {
    compare(known, keyring)
    if (await markInUse(db, keyring.primaryKeyId)) return
  }
  await db.transaction(async (trx) => {
    // Two nodes with different keys must not both find the table empty.
    await trx.query('LOCK TABLE master_key_checks IN SHARE ROW EXCLUSIVE MODE')
    const checks = await readChecks(trx)
    compare(checks, keyring)
    if (!(await markInUse(trx, keyring.primaryKeyId))) await addCheck(trx, keyring)
  })
}

/**
 * Deletes the records of keys that seal no value and that no server uses, and returns their ids. A server may then
 * start without these keys, and no longer with them alone.
 */
export async function forgetMasterKeys(db: Queryable, stillNeeded: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ key_id: string }>(
    'DELETE FROM master_key_checks WHERE key_id <> ALL ($1) AND in_use_until < now() RETURNING key_id',
    [stillNeeded],
  )
  return rows.map(({ key_id: id }) => id)
}

/** Returns the ids of the known keys that a server seals under now. */
export async function masterKeysInUse(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ key_id: string }>(
    'SELECT key_id FROM master_key_checks WHERE in_use_until >= now() ORDER BY key_id',
  )
  return rows.map(({ key_id: id }) => id)
}

/** Returns the keyring with the pepper of the database, which all servers share and the first one creates. */
export async function withPepper(db: Database, keyring: Keyring): Promise<Keyring> {
  const read = async () => (await db.query<{ sealed: Buffer }>('SELECT sealed FROM pepper')).rows[0]?.sealed
  let sealed = await read()
  if (sealed === undefined) {
    const own = keyring.seal(PEPPER, randomBytes(32), PEPPER)
    await db.query('INSERT INTO pepper (sealed) VALUES ($1) ON CONFLICT DO NOTHING', [own])
    sealed = (await read()) as Buffer
  }
  return keyring.withPepper(keyring.open(PEPPER, sealed, PEPPER))
}

/** Newest first. */
async function readChecks(db: Queryable): Promise<Check[]> {
  const { rows } = await db.query<Check>(
    'SELECT key_id, sealed FROM master_key_checks ORDER BY created_at DESC, key_id',
  )
  return rows
}

async function markInUse(db: Queryable, keyId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    'UPDATE master_key_checks SET in_use_until = now() + make_interval(secs => $2) WHERE key_id = $1',
    [keyId, IN_USE_SECONDS],
  )
  return rowCount === 1
}

async function addCheck(trx: Queryable, keyring: Keyring): Promise<void> {
  const id = keyring.primaryKeyId
  const sealed = keyring.seal(PURPOSE, id, id)
  await trx.query(
    `INSERT INTO master_key_checks (key_id, sealed, in_use_until)
     VALUES ($1, $2, now() + make_interval(secs => $3))`,
    [id, sealed, IN_USE_SECONDS],
  )
}

function compare(checks: readonly Check[], keyring: Keyring): void {
  const missing = checks.find(({ key_id: id }) => !keyring.keyIds.includes(id))
  if (missing) {
    throw new MasterKeyWrong(
      `This database was sealed with the master key ${missing.key_id}, and the one given is ${keyring.keyIds.join(', ')}: ` +
        'put the wanted key back into master.key of the keys directory, or into SIGNET_MASTER_KEYS.',
    )
  }
  for (const { key_id: id, sealed } of checks) keyring.open(PURPOSE, sealed, id)
}
