/**
 * Ends all sessions, grants and tokens that a restored backup brings back. The restore epoch, which shows that a
 * restore happened, is kept outside the database.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { SYSTEM, type Audit } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { OwnedTables } from '#database/owned-tables.ts'
import { sqlState } from '#database/errors.ts'
import { AppError } from '#shared/app-error.ts'
import { createRestoreEpochStore, type RestoreEpoch } from './restore-epoch-store.ts'

const INSUFFICIENT_PRIVILEGE = '42501'

/** The restore epoch that this machine keeps is lower than that of the database. */
export class RestoreEpochBehind extends AppError {
  override readonly code = 'restore_epoch_behind'
  override readonly status = 500

  constructor(seen: number, kept: Kept) {
    super(
      `The database has seen the restore epoch ${seen}, and ${kept.keptIn} says ${kept.number}: ` +
        `bring the number ${seen} here from a server that has it, or, when none has, ` +
        (kept.byVariable
          ? `set SIGNET_RESTORE_EPOCH=${seen + 1}, which ends all sessions and tokens.`
          : 'run "signet restore-epoch", which ends all sessions and tokens.'),
    )
  }
}

/** The role of the connection lacks the right to truncate tables. */
export class RestoreEpochRights extends AppError {
  override readonly code = 'restore_epoch_rights'
  override readonly status = 500

  constructor(epoch: number, cause: unknown) {
    super(
      `The database is to be brought to the restore epoch ${epoch}, and its role may not empty tables: ` +
        'set DATABASE_DIRECT_URL to a connection of the role that owns the schema, as "signet migrate" takes it.',
      { cause },
    )
  }
}

/** The restore epoch that this machine keeps, and where. */
export interface Kept {
  readonly number: number
  readonly keptIn: string
  readonly byVariable: boolean
}

/** Returns the restore epoch of the database. */
export function seenRestoreEpoch(db: Database): Promise<RestoreEpoch> {
  return createRestoreEpochStore(db).read()
}

/**
 * Advances the database to the epoch `number` in one transaction. Empties those of `tables` (the tables of all rooms)
 * that a restore ends, so that nothing issued before is valid. Does nothing when the database has already reached that
 * number, so several servers can call it at once. `db` needs the rights of the role that owns the schema; otherwise
 * throws RestoreEpochRights.
 */
export async function beginRestoreEpoch(
  { db, audit, tables }: { db: Database; audit: Pick<Audit, 'recordIn'>; tables: OwnedTables },
  number: number,
): Promise<void> {
  // loaded on demand, because most starts do not need it
  const { LIST_SIZE } = await import('#signing-keys/status-list/status-list.ts')
  const begun = db.transaction(async (trx) => {
    const store = createRestoreEpochStore(trx)
    const seen = await store.read({ lock: true })
    if (seen.number >= number) return
    await store.empty(tables)
    await store.advance(number, LIST_SIZE)
    await audit.recordIn(trx, {
      ...SYSTEM,
      type: 'restore_epoch.advanced',
      outcome: 'success',
      detail: { epoch: number, before: seen.number },
    })
  })
  await begun.catch((error: unknown) => {
    throw sqlState(error) === INSUFFICIENT_PRIVILEGE ? new RestoreEpochRights(number, error) : error
  })
}

/** Waits until the epoch has begun. Throws RestoreEpochBehind when the database has a later epoch than this machine. */
export async function requireRestoreEpoch(db: Database, kept: Kept): Promise<void> {
  const store = createRestoreEpochStore(db)
  const seen = await store.read()
  if (seen.number > kept.number) throw new RestoreEpochBehind(seen.number, kept)
  await delay(await store.millisecondsToBegin())
}
