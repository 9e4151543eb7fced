/** The schema of the outbox: the tables of graphile-worker, brought up to date by its own steps. */
import { directConnection, LOCK_TIMEOUT_MS, openPool } from '#database/connection.ts'
import { DatabaseStartError, describe, sqlState } from '#database/errors.ts'
import type { Log } from '#shared/log.ts'
import { workerLog } from './worker-log.ts'

/** Where graphile-worker keeps its tables. */
export const OUTBOX_SCHEMA = 'graphile_worker'

/**
 * Takes graphile-worker's own steps. A release of it that brings new ones comes with a step of ours, so that they are
 * pending with it. Throws DatabaseStartError when the role may not make the schema.
 */
export async function migrateOutbox(url: string, logger?: Log): Promise<void> {
  const { runMigrations } = await loadOutboxMigrator()
  const pool = openPool({ ...directConnection(url, 'signet-migrate'), max: 1, lock_timeout: LOCK_TIMEOUT_MS })
  try {
    await runMigrations({ pgPool: pool, schema: OUTBOX_SCHEMA, logger: await workerLog(logger) })
  } catch (error) {
    if (sqlState(error) !== '42501') throw error
    throw new DatabaseStartError(
      `The role of DATABASE_DIRECT_URL may not make the schema ${OUTBOX_SCHEMA} of the outbox (${describe(error)}): let it CREATE in this database for "signet migrate".`,
      { cause: error },
    )
  } finally {
    await pool.end()
  }
}

/** Loads the code that does it: who has no step to take needs none of it. */
export function loadOutboxMigrator() {
  return import('graphile-worker')
}
