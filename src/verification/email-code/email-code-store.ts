/** Reads and writes the table email_codes: codes and links that were sent. */
import type { Queryable } from '#database/database.ts'

/** The most attempts for one code. After that, the right code is refused as well. */
export const MAX_TRIES = 5
export const LIFETIME_SECONDS = 600

export interface NewCode {
  readonly key: Buffer
  readonly codeMac: Buffer
  readonly tokenHash: Buffer
  readonly sealed: Buffer
  /** Whether it is for a person without an account. */
  readonly registration: boolean
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
    /** Replaces an earlier code and resets the attempts. */
    async replace({ key, codeMac, tokenHash, sealed, registration }: NewCode): Promise<void> {
      await db.query(
        `INSERT INTO email_codes (key, code_mac, token_hash, sealed, registration, expires_at)
         VALUES ($1, $2, $3, $4, $5, statement_timestamp() + make_interval(secs => $6))
         ON CONFLICT (key) DO UPDATE SET code_mac = excluded.code_mac, token_hash = excluded.token_hash,
           sealed = excluded.sealed, tries = 0, spent = false, expires_at = excluded.expires_at`,
        [key, codeMac, tokenHash, sealed, registration, LIFETIME_SECONDS],
      )
    },

    /**
     * Counts an attempt, and spends the code if it is one of `codeMacs`. This is a single statement, so that even with
     * concurrent attempts at most five are checked and one succeeds. Returns undefined if there is no code to try.
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

    /** Spends a link. Returns false if it was spent or has expired. */
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

    async endRegistrations(): Promise<void> {
      await db.query('DELETE FROM email_codes WHERE registration')
    },

    /** Deletes a limited number of expired rows. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM email_codes WHERE key IN (
           SELECT key FROM email_codes WHERE expires_at < statement_timestamp() - interval '1 hour' LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
