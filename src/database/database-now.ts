/** The database's own clock, for the readiness probe. */
import type { Database } from './database.ts'
import { readOnlyServer } from './errors.ts'

/**
 * Throws DatabaseUnavailable when the database cannot answer, or can but read: a standby, or a primary that was made
 * read-only. In a transaction, so that a connection that leads to such a server is given up for a new one.
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
