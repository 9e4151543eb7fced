/** Reads and writes the table mail_errands: e-mail verifications in progress. */
import type { Queryable } from '#database/database.ts'

/** As long as a code is valid. Each step starts it again. */
const LIFETIME_SECONDS = 600

export function createEmailVerificationStore(db: Queryable) {
  return {
    /** Replaces an earlier value. */
    async put({ key, sealed, registration }: { key: Buffer; sealed: Buffer; registration: boolean }): Promise<void> {
      await db.query(
        `INSERT INTO mail_errands (key, sealed, registration, expires_at)
         VALUES ($1, $2, $3, statement_timestamp() + make_interval(secs => $4))
         ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, registration = excluded.registration,
           expires_at = excluded.expires_at`,
        [key, sealed, registration, LIFETIME_SECONDS],
      )
    },

    async find(key: Buffer): Promise<Buffer | undefined> {
      const { rows } = await db.query<{ sealed: Buffer }>(
        'SELECT sealed FROM mail_errands WHERE key = $1 AND expires_at > statement_timestamp()',
        [key],
      )
      return rows[0]?.sealed
    },

    /** Deletes the value that was found. Returns false if it was spent, has expired or was replaced meanwhile. */
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

    async endRegistrations(): Promise<void> {
      await db.query('DELETE FROM mail_errands WHERE registration')
    },

    /** Deletes a limited number of expired rows. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM mail_errands WHERE key IN (
           SELECT key FROM mail_errands WHERE expires_at < statement_timestamp() LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
