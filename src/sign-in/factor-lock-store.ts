/** Reads and writes the table factor_failures: wrong codes of second factors in a row, by account and method. */
import type { Queryable } from '#database/database.ts'

export function createFactorLockStore(db: Queryable) {
  return {
    /** Counts a failure and returns how many there are in a row, or counts none and returns undefined from `most` on. */
    async count(accountId: string, method: string, most: number): Promise<number | undefined> {
      const { rows } = await db.query<{ failures: number }>(
        `INSERT INTO factor_failures AS f (account_sub, method, failures) VALUES ($1, $2, 1)
         ON CONFLICT (account_sub, method) DO UPDATE SET failures = f.failures + 1 WHERE f.failures < $3
         RETURNING failures`,
        [accountId, method, most],
      )
      return rows[0]?.failures
    },

    /** Takes back one failure. */
    async undo(accountId: string, method: string): Promise<void> {
      await db.query(
        'UPDATE factor_failures SET failures = failures - 1 WHERE account_sub = $1 AND method = $2 AND failures > 0',
        [accountId, method],
      )
    },

    /** Clears the failures of one method, or of all. Returns whether there were any. */
    async clear(accountId: string, method?: string): Promise<boolean> {
      const { rowCount } = await db.query(
        'DELETE FROM factor_failures WHERE account_sub = $1 AND method = coalesce($2, method)',
        [accountId, method ?? null],
      )
      return rowCount > 0
    },
  }
}
