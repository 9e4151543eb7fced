/** The database's own clock, for the readiness probe. */
import type { Queryable } from './database.ts'

/** Throws DatabaseUnavailable when the database cannot answer. */
export async function databaseNow(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  return (rows[0] as { now: Date }).now
}
