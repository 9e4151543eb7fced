/** Removes what has expired, in small batches that no request waits for: tables follow the live rows. */
import type { Queryable } from '#database/database.ts'

const BATCH = 1000
const MAX_BATCHES = 50

/**
 * How long rows outlive their expiry. An expired interaction still tells the way back to the app; a spent token is
 * kept to its expiry, so that its reuse is noticed; an ended session stays ended until no request can know it.
 */
const TABLES = [
  { table: 'replay_reservations', key: 'id', kept: '1 minute' },
  { table: 'artefacts', key: 'kind, id', kept: '1 day' },
  { table: 'grants', key: 'id', kept: '1 day' },
  { table: 'ended_statuses', key: 'status_index', kept: '1 minute' },
  { table: 'revoked_tokens', key: 'id', kept: '1 minute' },
  { table: 'sessions', key: 'uid', kept: '1 day' },
] as const

/** Returns how many rows went, by table. Several nodes may do it at once: each takes other rows. */
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
