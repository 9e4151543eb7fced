/** SQL that reads and writes grants. `endings` ends them. */
import type { Queryable } from '#database/database.ts'
import { randomId } from '#shared/ids.ts'
import type { Payload } from './sealing.ts'

export interface GrantStore {
  find(id: string): Promise<{ payload: Payload; remainingSeconds: number | null } | undefined>
  /** Inserts a grant like the given one, and returns its id; undefined when the given one is gone. */
  copy(id: string): Promise<string | undefined>
  put(id: string, payload: Payload, ttlSeconds: number | null): Promise<void>
}

export function createGrantStore(db: Queryable): GrantStore {
  return {
    async find(id) {
      const { rows } = await db.query<{ payload: Payload; remaining: number | null }>(
        'SELECT payload, extract(epoch FROM expires_at - now())::float8 AS remaining FROM grants WHERE id = $1',
        [id],
      )
      return rows[0] && { payload: rows[0].payload, remainingSeconds: rows[0].remaining }
    },
    async copy(id) {
      const { rows } = await db.query<{ id: string }>(
        `INSERT INTO grants (id, account_id, client_id, payload, expires_at)
         SELECT $2, account_id, client_id, payload, expires_at FROM grants WHERE id = $1 RETURNING id`,
        [id, randomId()],
      )
      return rows[0]?.id
    },
    async put(id, payload, ttlSeconds) {
      await db.query(
        `INSERT INTO grants (id, account_id, client_id, payload, expires_at)
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
         ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`,
        [id, payload['accountId'] ?? null, payload['clientId'] ?? null, JSON.stringify(payload), ttlSeconds],
      )
    },
  }
}
