/** The table email_codes: codes and links that wait to be used. */
import type { Queryable } from '#database/database.ts'

/** Wrong codes that are looked at; the right one after that is refused as well. */
export const MAX_TRIES = 5
export const LIFETIME_SECONDS = 600

export interface NewCode {
  readonly key: Buffer
  readonly codeMac: Buffer
  readonly tokenHash: Buffer
  readonly sealed: Buffer
}

interface StoredCode {
  readonly key: Buffer
  readonly sealed: Buffer
}

export interface CodeState extends StoredCode {
  readonly spent: boolean
  readonly expired: boolean
  readonly tries: number
}

const STATE = 'key, sealed, spent, tries, expires_at <= statement_timestamp() AS expired'

export function createEmailCodeStore(db: Queryable) {
  async function state(condition: string, value: unknown): Promise<CodeState | undefined> {
    const { rows } = await db.query<CodeState>(`SELECT ${STATE} FROM email_codes WHERE ${condition}`, [value])
    return rows[0]
  }

  return {
    /** Takes the place of the code before it, with new tries. */
    async replace({ key, codeMac, tokenHash, sealed }: NewCode): Promise<void> {
      await db.query(
        `INSERT INTO email_codes (key, code_mac, token_hash, sealed, expires_at)
         VALUES ($1, $2, $3, $4, statement_timestamp() + make_interval(secs => $5))
         ON CONFLICT (key) DO UPDATE SET code_mac = excluded.code_mac, token_hash = excluded.token_hash,
           sealed = excluded.sealed, tries = 0, spent = false, expires_at = excluded.expires_at`,
        [key, codeMac, tokenHash, sealed, LIFETIME_SECONDS],
      )
    },

    /**
     * Counts a try and spends the code where it is one of `codeMacs`, in one statement: of a thousand at once five are
     * looked at, and one is right. `right` is undefined where nothing could be tried.
     */
    async tryCode(
      keys: readonly Buffer[],
      codeMacs: readonly Buffer[],
    ): Promise<(StoredCode & { right: boolean }) | undefined> {
      const { rows } = await db.query<StoredCode & { right: boolean }>(
        `UPDATE email_codes SET tries = tries + 1, spent = code_mac = ANY ($2::bytea[])
         WHERE key = ANY ($1::bytea[]) AND NOT spent AND tries < $3 AND expires_at > statement_timestamp()
         RETURNING key, sealed, spent AS right`,
        [keys, codeMacs, MAX_TRIES],
      )
      return rows.find(({ right }) => right) ?? rows[0]
    },

    /** Spends a link; false where it was spent or is over. */
    async spend(tokenHash: Buffer): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE email_codes SET spent = true
         WHERE token_hash = $1 AND NOT spent AND expires_at > statement_timestamp()`,
        [tokenHash],
      )
      return rowCount === 1
    },

    findByKeys: (keys: readonly Buffer[]) => state('key = ANY ($1::bytea[])', keys),
    findByToken: (tokenHash: Buffer) => state('token_hash = $1', tokenHash),

    /** A bounded number of rows that are of no use any more; how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM email_codes WHERE key IN (
           SELECT key FROM email_codes WHERE expires_at < statement_timestamp() - interval '1 hour' LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
