/** Reads and writes the table email_code_mails: when mails were sent to each address within the last hour, by purpose. */
import type { Queryable } from '#database/database.ts'

export const MAILS_PER_HOUR = 6

const HOUR = `interval '1 hour'`
const LATELY = (column: string) => `unnest(${column}) AS at WHERE at > clock_timestamp() - ${HOUR}`

export function createEmailCodeMailsStore(db: Queryable) {
  return {
    /** Counts a mail to an address. If the limit is reached, returns the seconds until the next one is allowed. */
    async count(key: Buffer): Promise<number | undefined> {
      const { rowCount } = await db.query(
        `INSERT INTO email_code_mails AS m (key, sent_at, last_at)
         VALUES ($1, ARRAY[clock_timestamp()], clock_timestamp())
         ON CONFLICT (key) DO UPDATE SET last_at = clock_timestamp(),
           sent_at = clock_timestamp() || ARRAY(SELECT at FROM ${LATELY('m.sent_at')})
         WHERE (SELECT count(*) FROM ${LATELY('m.sent_at')}) < $2`,
        [key, MAILS_PER_HOUR],
      )
      if (rowCount === 1) return undefined
      const { rows } = await db.query<{ seconds: number }>(
        `SELECT greatest(1, ceil(extract(epoch FROM min(at) + ${HOUR} - clock_timestamp())))::int AS seconds
         FROM email_code_mails, ${LATELY('sent_at')} AND key = $1`,
        [key],
      )
      return rows[0]?.seconds ?? 1
    },

    /** Deletes a limited number of expired rows. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM email_code_mails WHERE key IN (
           SELECT key FROM email_code_mails WHERE last_at < statement_timestamp() - ${HOUR} LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
