/** Reads and writes the table lost_factor_requests: at most one waiting request for each account. */
import type { Account } from '#accounts/account.ts'
import type { Queryable } from '#database/database.ts'

/** For how long a request can be used after its delay. */
const USABLE_SECONDS = 7 * 24 * 60 * 60

/** A request ends when the account's password, address, sign-in methods or status change. */
type Owner = Pick<Account, 'id' | 'mailLinksVersion'>

export interface LostFactorRequest {
  readonly requestedAt: Date
  /** From when on it can be used. */
  readonly readyAt: Date
  readonly expiresAt: Date
}

const after = (at: Date, seconds: number) => new Date(at.getTime() + seconds * 1000)
const COLUMNS = 'requested_at AS "requestedAt", ready_at AS "readyAt", expires_at AS "expiresAt"'

export function createLostFactorStore(db: Queryable) {
  return {
    /** Returns the request of the account that has not ended. */
    async find({ id, mailLinksVersion }: Owner, now: Date): Promise<LostFactorRequest | undefined> {
      const { rows } = await db.query<LostFactorRequest>(
        `SELECT ${COLUMNS} FROM lost_factor_requests
         WHERE account_sub = $1 AND mail_links_version = $2 AND expires_at > $3`,
        [id, mailLinksVersion, now],
      )
      return rows[0]
    },

    /** Adds a request. Returns undefined if there is one that has not ended. */
    async add(
      { id, mailLinksVersion }: Owner,
      now: Date,
      delaySeconds: number,
    ): Promise<LostFactorRequest | undefined> {
      const { rows } = await db.query<LostFactorRequest>(
        `INSERT INTO lost_factor_requests AS r (account_sub, mail_links_version, requested_at, ready_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account_sub) DO UPDATE
           SET mail_links_version = excluded.mail_links_version, requested_at = excluded.requested_at,
             ready_at = excluded.ready_at, expires_at = excluded.expires_at
           WHERE r.expires_at <= excluded.requested_at OR r.mail_links_version <> excluded.mail_links_version
         RETURNING ${COLUMNS}`,
        [id, mailLinksVersion, now, after(now, delaySeconds), after(now, delaySeconds + USABLE_SECONDS)],
      )
      return rows[0]
    },

    /** Ends the account's request. Returns whether there was one that had not expired. */
    async end(accountId: string, now: Date): Promise<boolean> {
      const { rows } = await db.query<{ alive: boolean }>(
        'DELETE FROM lost_factor_requests WHERE account_sub = $1 RETURNING expires_at > $2 AS alive',
        [accountId, now],
      )
      return rows[0]?.alive === true
    },

    /** Deletes a limited number of expired rows. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM lost_factor_requests WHERE account_sub IN (
           SELECT account_sub FROM lost_factor_requests WHERE expires_at < statement_timestamp()
           LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
