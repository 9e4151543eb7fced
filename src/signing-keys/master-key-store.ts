/** Knows which master keys the database was sealed with, so that a start with a foreign key is refused at once. */
import type { Database, Queryable } from '#database/database.ts'
import { AppError } from '#shared/app-error.ts'
import type { Keyring } from '#shared/keyring.ts'

/** None of the master keys given has sealed this database; the message names the one that is wanted. */
export class MasterKeyWrong extends AppError {
  override readonly code = 'master_key_wrong'
  override readonly status = 500
}

const PURPOSE = 'master-key-check'

interface Check {
  readonly key_id: string
  readonly sealed: Buffer
}

/**
 * Compares the keyring with the database. An empty database takes the primary key as its first; a new primary key
 * beside one that is known is added. Throws MasterKeyWrong when no key given is known.
 */
export async function checkMasterKeys(db: Database, keyring: Keyring): Promise<void> {
  const known = await readChecks(db)
  if (known.some(({ key_id: id }) => id === keyring.primaryKeyId)) return compare(known, keyring)
  await db.transaction(async (trx) => {
    // Two nodes with different keys must not both find the table empty.
    await trx.query('LOCK TABLE master_key_checks IN SHARE ROW EXCLUSIVE MODE')
    const checks = await readChecks(trx)
    compare(checks, keyring)
    if (!checks.some(({ key_id: id }) => id === keyring.primaryKeyId)) await addCheck(trx, keyring)
  })
}

/** Newest first. */
async function readChecks(db: Queryable): Promise<Check[]> {
  const { rows } = await db.query<Check>(
    'SELECT key_id, sealed FROM master_key_checks ORDER BY created_at DESC, key_id',
  )
  return rows
}

async function addCheck(trx: Queryable, keyring: Keyring): Promise<void> {
  const id = keyring.primaryKeyId
  const sealed = keyring.seal(PURPOSE, id, id)
  await trx.query('INSERT INTO master_key_checks (key_id, sealed) VALUES ($1, $2)', [id, sealed])
}

function compare(checks: readonly Check[], keyring: Keyring): void {
  if (checks.length === 0) return
  const mine = checks.filter(({ key_id: id }) => keyring.keyIds.includes(id))
  if (mine.length === 0) {
    throw new MasterKeyWrong(
      `This database was sealed with the master key ${checks[0]?.key_id}, and the one given is ${keyring.keyIds.join(', ')}: ` +
        'put the wanted key back into master.key of the keys directory, or into SIGNET_MASTER_KEYS.',
    )
  }
  for (const { key_id: id, sealed } of mine) keyring.open(PURPOSE, sealed, id)
}
