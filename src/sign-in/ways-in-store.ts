/** Counts the ways by which an account can be signed in to, for whoever takes one of them away. */
import type { Queryable } from '#database/database.ts'

export function createWaysInStore(trx: Queryable) {
  return {
    /**
     * How many are left in this transaction. Whoever else takes one away of the same account waits for its end, so
     * that two at once cannot each count on what the other removes.
     */
    async left(sub: string): Promise<number> {
      await trx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`ways_in ${sub}`])
      const { rows } = await trx.query<{ count: number }>(
        `SELECT (SELECT count(*) FROM password_credentials WHERE account_sub = $1)::int
           + (SELECT count(*) FROM passkeys WHERE account_sub = $1)::int
           + (SELECT count(*) FROM upstream_links l JOIN upstreams u ON u.id = l.upstream AND u.enabled
              WHERE l.account_sub = $1)::int AS count`,
        [sub],
      )
      return rows[0]?.count ?? 0
    },
  }
}
