/** The table totp_credentials: the sealed secret of an account's authenticator app, and the last code that was used. */
import type { Queryable } from '#database/database.ts'

export interface TotpCredential {
  readonly sealed: Buffer
  /** Seconds of the database's clock: all nodes judge a code by the same time (ASVS 6.5.8). */
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

    /** False where there was none in use. */
    async remove(accountId: string): Promise<boolean> {
      const { rowCount } = await db.query(
        'DELETE FROM totp_credentials WHERE account_sub = $1 AND sealed IS NOT NULL',
        [accountId],
      )
      return rowCount === 1
    },
  }
}

/** What is written: a secret that is shown, put in use, and the codes that were used. */
function createChanges(db: Queryable) {
  return {
    /** A secret that is not confirmed yet takes the place of one before; the confirmed one stays as it is. */
    async begin(accountId: string, pending: Buffer, seconds: number): Promise<void> {
      await db.query(
        `INSERT INTO totp_credentials (account_sub, pending, pending_until)
         VALUES ($1, $2, statement_timestamp() + make_interval(secs => $3))
         ON CONFLICT (account_sub) DO UPDATE SET pending = excluded.pending, pending_until = excluded.pending_until`,
        [accountId, pending, seconds],
      )
    },

    /** Puts the pending secret in use; false where it is not this one any more. */
    async confirm(accountId: string, pending: Buffer, sealed: Buffer, step: number): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE totp_credentials SET sealed = $3, last_step = $4, confirmed_at = statement_timestamp(),
           last_used_at = NULL, pending = NULL, pending_until = NULL
         WHERE account_sub = $1 AND pending = $2`,
        [accountId, pending, sealed, step],
      )
      return rowCount === 1
    },

    /** RFC 6238 §5.2: a code counts once, and none before it any more. False where it, or a later one, was used. */
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
