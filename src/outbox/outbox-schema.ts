/** The schema of the outbox: the tables of graphile-worker, created by graphile-worker's own migrations. */
import { directConnection, LOCK_TIMEOUT_MS, openPool } from '#database/connection.ts'
import { DatabaseStartError, describe, sqlState } from '#database/errors.ts'
import { START_PATIENCE_MS } from '#database/reachable.ts'
import type { Log } from '#shared/log.ts'
import { workerLog } from './worker-log.ts'

/** The PostgreSQL schema that holds graphile-worker's tables. */
export const OUTBOX_SCHEMA = 'graphile_worker'

/**
 * Runs graphile-worker's migrations. A graphile-worker release with new ones comes with a migration of ours, so that
 * they count as pending. Throws DatabaseStartError when the role may not create the schema.
 */
export async function migrateOutbox(url: string, logger?: Log): Promise<void> {
  const { runMigrations } = await loadOutboxMigrator()
  const pool = openPool({
    ...directConnection(url, 'signet-migrate'),
    connectionTimeoutMillis: START_PATIENCE_MS,
    max: 1,
    lock_timeout: LOCK_TIMEOUT_MS,
  })
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

/** Imports graphile-worker on demand: most starts have no migration to run and do not need it. */
export function loadOutboxMigrator() {
  return import('graphile-worker')
}
