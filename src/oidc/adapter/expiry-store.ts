/** Removes expired rows, in batches small enough that no request waits for them. */
import type { Queryable } from '#database/database.ts'

const BATCH = 1000
const MAX_BATCHES = 50

/**
 * How long rows outlive their expiry. An expired interaction still shows the way back to the app. A spent token stays
 * until it expires, so that reuse is detected. An ended session stays until no request can still have it.
 */
const TABLES = [
  { table: 'replay_reservations', key: 'id', kept: '1 minute' },
  { table: 'artefacts', key: 'kind, id', kept: '1 day' },
  { table: 'grants', key: 'id', kept: '1 day' },
  { table: 'ended_statuses', key: 'status_index', kept: '1 minute' },
  { table: 'revoked_tokens', key: 'id', kept: '1 minute' },
  { table: 'sessions', key: 'uid', kept: '1 day' },
] as const

/** Returns the number of removed rows, by table. Safe to run on several nodes at once: each takes different rows. */
export async function removeExpired(db: Queryable): Promise<Record<string, number>> {
  const removed: Record<string, number> = {}
  for (const { table, key, kept } of TABLES) {
    let count = 0
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const { rowCount } = await db.query(
        `DELETE FROM ${table} WHERE (${key}) IN (
           SELECT ${key} FROM ${table} WHERE expires_at < now() - interval '${kept}'
           ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
      )
      count += rowCount
      if (rowCount < BATCH) break
    }
    if (count > 0) removed[table] = count
  }
  return removed
}
