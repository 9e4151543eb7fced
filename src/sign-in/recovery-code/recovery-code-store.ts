/** Reads and writes the table recovery_codes: the MACs of unused codes. */
import type { Queryable } from '#database/database.ts'

export const RECOVERY_CODE_CREDENTIALS = 'SELECT 1 FROM recovery_codes WHERE account_sub = $1'

export function createRecoveryCodeStore(db: Queryable) {
  return {
    /** Replaces all codes of the account. */
    async replace(accountId: string, macs: readonly Buffer[]): Promise<void> {
      // without the lock, two concurrent calls would each delete the old codes, and both new sets would remain
      await db.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`recovery_codes ${accountId}`])
      await db.query('DELETE FROM recovery_codes WHERE account_sub = $1', [accountId])
      await db.query('INSERT INTO recovery_codes (account_sub, mac) SELECT $1, unnest($2::bytea[])', [accountId, macs])
    },

    /** Uses up the code that has one of `macs` (one for each master key). Returns false if it is wrong or used. */
    async use(accountId: string, macs: readonly Buffer[]): Promise<boolean> {
      const { rowCount } = await db.query(
        'DELETE FROM recovery_codes WHERE account_sub = $1 AND mac = ANY ($2::bytea[])',
        [accountId, macs],
      )
      return rowCount > 0
    },

    async count(accountId: string): Promise<number> {
      const { rows } = await db.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM recovery_codes WHERE account_sub = $1',
        [accountId],
      )
      return rows[0]?.count ?? 0
    },

    async removeAll(accountId: string): Promise<void> {
      await db.query('DELETE FROM recovery_codes WHERE account_sub = $1', [accountId])
    },
  }
}
