/** Reads the database's clock, for the readiness probe. */
import type { Database } from './database.ts'
import { readOnlyServer } from './errors.ts'

/**
 * Returns the time of the database. Throws DatabaseUnavailable when the database cannot answer or is read-only: a
 * standby, or a primary in read-only mode. Runs in a transaction, so that the pool replaces a connection to such a
 * server.
 */
export async function databaseNow(db: Database): Promise<Date> {
  return db.transaction(async (trx) => {
    const { rows } = await trx.query<{ now: Date; readOnly: boolean }>(
      `SELECT clock_timestamp() AS now, current_setting('transaction_read_only')::boolean AS "readOnly"`,
    )
    const [row] = rows as [{ now: Date; readOnly: boolean }]
    if (row.readOnly) throw readOnlyServer()
    return row.now
  })
}
