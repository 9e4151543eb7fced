/** Reads and writes the table spent_passkey_challenges: used challenges, until they expire. */
import type { Queryable } from '#database/database.ts'

export type ChallengeStore = ReturnType<typeof createChallengeStore>

export function createChallengeStore(db: Queryable) {
  return {
    /** Returns true for the first caller that presents the challenge before it expires (by the database's clock). */
    async spend(digest: Buffer, expiresAtSeconds: number): Promise<boolean> {
      const { rowCount } = await db.query(
        `INSERT INTO spent_passkey_challenges (digest, expires_at)
         SELECT $1, to_timestamp($2) WHERE to_timestamp($2) > statement_timestamp() ON CONFLICT DO NOTHING`,
        [digest, expiresAtSeconds],
      )
      return rowCount === 1
    },

    /** Deletes a limited number of expired challenges. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM spent_passkey_challenges WHERE digest IN (
           SELECT digest FROM spent_passkey_challenges WHERE expires_at < statement_timestamp() - interval '1 minute'
           ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
