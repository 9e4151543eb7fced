/** The table mail_errands: what people are doing with the help of a mail, while they do it. */
import type { Queryable } from '#database/database.ts'

/** As long as a code lives; it begins anew with each step. */
const LIFETIME_SECONDS = 600

export function createEmailVerificationStore(db: Queryable) {
  return {
    /** Takes the place of what was there before. */
    async put(key: Buffer, sealed: Buffer): Promise<void> {
      await db.query(
        `INSERT INTO mail_errands (key, sealed, expires_at)
         VALUES ($1, $2, statement_timestamp() + make_interval(secs => $3))
         ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at`,
        [key, sealed, LIFETIME_SECONDS],
      )
    },

    async find(key: Buffer): Promise<Buffer | undefined> {
      const { rows } = await db.query<{ sealed: Buffer }>(
        'SELECT sealed FROM mail_errands WHERE key = $1 AND expires_at > statement_timestamp()',
        [key],
      )
      return rows[0]?.sealed
    },

    /** The very one that was found; false where it is spent, over or another by now. */
    async take(key: Buffer, sealed: Buffer): Promise<boolean> {
      const { rowCount } = await db.query(
        'DELETE FROM mail_errands WHERE key = $1 AND sealed = $2 AND expires_at > statement_timestamp()',
        [key, sealed],
      )
      return rowCount === 1
    },

    async remove(key: Buffer): Promise<void> {
      await db.query('DELETE FROM mail_errands WHERE key = $1', [key])
    },

    /** A bounded number of rows that are over; how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM mail_errands WHERE key IN (
           SELECT key FROM mail_errands WHERE expires_at < statement_timestamp() LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
