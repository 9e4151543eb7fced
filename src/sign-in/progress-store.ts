/** Reads and writes the table sign_in_progress: the proofs so far in a sign-in that needs another one. */
import type { Queryable } from '#database/database.ts'
import { sha256 } from '#shared/ids.ts'
import type { ProofTimes } from './proof-times.ts'

/** Leaves a person time to find their phone. */
const SECONDS = 10 * 60

interface Progress {
  readonly accountId: string
  readonly amr: readonly string[]
  readonly provenAt: ProofTimes
}

export type SignInProgress = ReturnType<typeof createSignInProgress>

export function createSignInProgress(db: Queryable) {
  return {
    /** Replaces the proofs stored for the interaction. */
    async put(uid: string, { accountId, amr, provenAt }: Progress): Promise<void> {
      await db.query(
        `INSERT INTO sign_in_progress (interaction_id, account_sub, amr, proven_at, expires_at)
         VALUES ($1, $2, $3, $4, statement_timestamp() + make_interval(secs => $5))
         ON CONFLICT (interaction_id) DO UPDATE
           SET account_sub = excluded.account_sub, amr = excluded.amr, proven_at = excluded.proven_at,
             expires_at = excluded.expires_at`,
        [sha256(uid), accountId, amr, JSON.stringify(provenAt), SECONDS],
      )
    },

    async find(uid: string): Promise<Progress | undefined> {
      const { rows } = await db.query<Progress>(
        `SELECT account_sub AS "accountId", amr, proven_at AS "provenAt" FROM sign_in_progress
         WHERE interaction_id = $1 AND expires_at > statement_timestamp()`,
        [sha256(uid)],
      )
      return rows[0]
    },

    async end(uid: string): Promise<void> {
      await db.query('DELETE FROM sign_in_progress WHERE interaction_id = $1', [sha256(uid)])
    },

    /** Ends the account's progress in every interaction, because a changed password makes earlier proofs invalid. */
    async endOf(accountId: string): Promise<void> {
      await db.query('DELETE FROM sign_in_progress WHERE account_sub = $1', [accountId])
    },

    /** Deletes a limited number of expired rows. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM sign_in_progress WHERE interaction_id IN (
           SELECT interaction_id FROM sign_in_progress WHERE expires_at < statement_timestamp()
           LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
