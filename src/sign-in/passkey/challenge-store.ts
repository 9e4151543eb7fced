/** The table spent_passkey_challenges: which challenges were answered, for as long as they could be answered again. */
import type { Queryable } from '#database/database.ts'

export type ChallengeStore = ReturnType<typeof createChallengeStore>

export function createChallengeStore(db: Queryable) {
  return {
    /** True for one caller of those that present the challenge, while it is good by the database's clock. */
    async spend(digest: Buffer, expiresAtSeconds: number): Promise<boolean> {
      const { rowCount } = await db.query(
        `INSERT INTO spent_passkey_challenges (digest, expires_at)
         SELECT $1, to_timestamp($2) WHERE to_timestamp($2) > statement_timestamp() ON CONFLICT DO NOTHING`,
        [digest, expiresAtSeconds],
      )
      return rowCount === 1
    },

    /** A bounded number of challenges that nobody can present any more; how many. */
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
