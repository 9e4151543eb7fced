/** Removes expired rows, in batches that are small enough not to delay requests. */
import type { Queryable } from '#database/database.ts'

const BATCH = 1000
const MAX_BATCHES = 50

interface Expiring {
  readonly table: string
  readonly key: string
  readonly kept: string
  readonly where?: string
}

/**
 * How long rows are kept after they expire. Anyone can start a sign-in or, as a public client, push a request or begin
 * one for a device, so those go soon unless they were answered. A spent token is kept until it expires, so that reuse is detected. An ended session
 * is kept until no request can still hold it.
 */
const EXPIRING: readonly Expiring[] = [
  { table: 'replay_reservations', key: 'id', kept: '1 minute' },
  {
    table: 'artefacts',
    key: 'kind, id',
    kept: '1 minute',
    where: "kind IN ('Interaction', 'PushedAuthorizationRequest') AND consumed_at IS NULL",
  },
  // long enough that a device that polls at the longest interval is told that its code has expired
  { table: 'artefacts', key: 'kind, id', kept: '3 minutes', where: "kind = 'DeviceCode' AND consumed_at IS NULL" },
  // those of the last hour are counted
  {
    table: 'artefacts',
    key: 'kind, id',
    kept: '1 hour',
    where: "kind = 'BackchannelAuthenticationRequest' AND consumed_at IS NULL",
  },
  { table: 'artefacts', key: 'kind, id', kept: '1 day' },
  { table: 'grants', key: 'id', kept: '1 day' },
  { table: 'ended_statuses', key: 'status_index', kept: '1 minute' },
  { table: 'revoked_tokens', key: 'id', kept: '1 minute' },
  { table: 'sessions', key: 'uid', kept: '1 day' },
]

/** Returns the number of removed rows by table. Several nodes can run this at once: each takes different rows. */
export async function removeExpired(db: Queryable): Promise<Record<string, number>> {
  const removed: Record<string, number> = {}
  for (const { table, key, kept, where } of EXPIRING) {
    let count = 0
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const { rowCount } = await db.query(
        `DELETE FROM ${table} WHERE (${key}) IN (
           SELECT ${key} FROM ${table} WHERE expires_at < now() - interval '${kept}' AND ${where ?? 'true'}
           ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
      )
      count += rowCount
      if (rowCount < BATCH) break
    }
    if (count > 0) removed[table] = (removed[table] ?? 0) + count
  }
  return removed
}
