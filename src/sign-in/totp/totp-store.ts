/** Reads and writes the table totp_credentials: an account's sealed secrets and the time step of its last used code. */
import type { Queryable } from '#database/database.ts'

export interface TotpCredential {
  readonly sealed: Buffer
  /** Seconds since the epoch by the database's clock, so that all nodes use the same time (ASVS 6.5.8). */
  readonly now: number
}

export const TOTP_CREDENTIALS = 'SELECT 1 FROM totp_credentials WHERE account_sub = $1 AND sealed IS NOT NULL'

const NOW = 'extract(epoch FROM statement_timestamp())::float8 AS now'

export function createTotpStore(db: Queryable) {
  return {
    async find(accountId: string): Promise<TotpCredential | undefined> {
      const { rows } = await db.query<TotpCredential>(
        `SELECT sealed, ${NOW} FROM totp_credentials WHERE account_sub = $1 AND sealed IS NOT NULL`,
        [accountId],
      )
      return rows[0]
    },

    async findPending(accountId: string): Promise<TotpCredential | undefined> {
      const { rows } = await db.query<TotpCredential>(
        `SELECT pending AS sealed, ${NOW} FROM totp_credentials
         WHERE account_sub = $1 AND pending IS NOT NULL AND pending_until > statement_timestamp()`,
        [accountId],
      )
      return rows[0]
    },

    ...createChanges(db),

    async state(accountId: string): Promise<{ confirmedAt: Date; lastUsedAt: Date | null } | undefined> {
      const { rows } = await db.query<{ confirmedAt: Date; lastUsedAt: Date | null }>(
        `SELECT confirmed_at AS "confirmedAt", last_used_at AS "lastUsedAt" FROM totp_credentials
         WHERE account_sub = $1 AND sealed IS NOT NULL`,
        [accountId],
      )
      return rows[0]
    },

    /** Returns false if the account has no confirmed secret. */
    async remove(accountId: string): Promise<boolean> {
      const { rowCount } = await db.query(
        'DELETE FROM totp_credentials WHERE account_sub = $1 AND sealed IS NOT NULL',
        [accountId],
      )
      return rowCount === 1
    },
  }
}

/** Creates the functions that write: begin, confirm and use. */
function createChanges(db: Queryable) {
  return {
    /** Replaces the pending secret. A confirmed secret is not changed. */
    async begin(accountId: string, pending: Buffer, seconds: number): Promise<void> {
      await db.query(
        `INSERT INTO totp_credentials (account_sub, pending, pending_until)
         VALUES ($1, $2, statement_timestamp() + make_interval(secs => $3))
         ON CONFLICT (account_sub) DO UPDATE SET pending = excluded.pending, pending_until = excluded.pending_until`,
        [accountId, pending, seconds],
      )
    },

    /** Confirms the pending secret. Returns false if it was replaced meanwhile. */
    async confirm(accountId: string, pending: Buffer, sealed: Buffer, step: number): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE totp_credentials SET sealed = $3, last_step = $4, confirmed_at = statement_timestamp(),
           last_used_at = NULL, pending = NULL, pending_until = NULL
         WHERE account_sub = $1 AND pending = $2`,
        [accountId, pending, sealed, step],
      )
      return rowCount === 1
    },

    /** Marks a code as used (RFC 6238 §5.2). Returns false if it or a later one was used before. */
    async use(accountId: string, sealed: Buffer, step: number): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE totp_credentials SET last_step = $3, last_used_at = statement_timestamp()
         WHERE account_sub = $1 AND sealed = $2 AND last_step < $3`,
        [accountId, sealed, step],
      )
      return rowCount === 1
    },
  }
}
