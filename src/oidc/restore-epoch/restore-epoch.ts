/** After a restore nothing that the backup has open is believed: the epoch that says so is kept outside the database. */
import { setTimeout as delay } from 'node:timers/promises'
import { SYSTEM, type Audit } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { OwnedTables } from '#database/owned-tables.ts'
import { sqlState } from '#database/errors.ts'
import { AppError } from '#shared/app-error.ts'
import { createRestoreEpochStore, type RestoreEpoch } from './restore-epoch-store.ts'

const INSUFFICIENT_PRIVILEGE = '42501'

/** The number that this machine keeps is lower than the one that the database has seen. */
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

/** The role of the connection may not empty tables. */
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

/** The number that this machine keeps, and where. */
export interface Kept {
  readonly number: number
  readonly keptIn: string
  readonly byVariable: boolean
}

/** What the database has seen. */
export function seenRestoreEpoch(db: Database): Promise<RestoreEpoch> {
  return createRestoreEpochStore(db).read()
}

/**
 * Brings the database up to the epoch `number` and ends all that was issued before, in one transaction: of `tables`, which
 * are those of all rooms, the ones that a restore empties. Nothing happens
 * when it has seen that number already, so that any number of servers may do it at once. `db` needs the rights of the
 * role that owns the schema; throws RestoreEpochRights without them.
 */
export async function beginRestoreEpoch(
  { db, audit, tables }: { db: Database; audit: Pick<Audit, 'recordIn'>; tables: OwnedTables },
  number: number,
): Promise<void> {
  // loaded only when there is something to do: most starts have nothing
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

/** Throws RestoreEpochBehind when the database has seen a later epoch than this machine; waits until it has begun. */
export async function requireRestoreEpoch(db: Database, kept: Kept): Promise<void> {
  const store = createRestoreEpochStore(db)
  const seen = await store.read()
  if (seen.number > kept.number) throw new RestoreEpochBehind(seen.number, kept)
  await delay(await store.millisecondsToBegin())
}
