/** Reads and writes the table password_credentials: one argon2id PHC string for each account. */
import type { Queryable } from '#database/database.ts'

export const PASSWORD_CREDENTIALS = 'SELECT 1 FROM password_credentials WHERE account_sub = $1'
export const PASSWORDS_TO_REPLACE = `${PASSWORD_CREDENTIALS} AND must_change`

export interface PasswordCredential {
  readonly hash: string
  readonly mustChange: boolean
}

export function createPasswordStore(db: Queryable) {
  return {
    async find(accountId: string): Promise<PasswordCredential | undefined> {
      const { rows } = await db.query<PasswordCredential>(
        'SELECT hash, must_change AS "mustChange" FROM password_credentials WHERE account_sub = $1',
        [accountId],
      )
      return rows[0]
    },

    async state(accountId: string): Promise<{ updatedAt: Date } | undefined> {
      const { rows } = await db.query<{ updatedAt: Date }>(
        'SELECT updated_at AS "updatedAt" FROM password_credentials WHERE account_sub = $1',
        [accountId],
      )
      return rows[0]
    },

    /** Inserts the account's first password. Throws if it already has one. */
    async insert(accountId: string, credential: PasswordCredential): Promise<void> {
      await db.query('INSERT INTO password_credentials (account_sub, hash, must_change) VALUES ($1, $2, $3)', [
        accountId,
        credential.hash,
        credential.mustChange,
      ])
    },

    /** Replaces the hash `before`. Returns false if the account has another one by now. */
    async change(accountId: string, before: string, hash: string): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE password_credentials SET hash = $3, must_change = false, updated_at = now()
         WHERE account_sub = $1 AND hash = $2`,
        [accountId, before, hash],
      )
      return rowCount === 1
    },

    /** Sets the password, whether or not the account has one. */
    async put(accountId: string, hash: string): Promise<void> {
      await db.query(
        `INSERT INTO password_credentials (account_sub, hash) VALUES ($1, $2)
         ON CONFLICT (account_sub) DO UPDATE
           SET hash = excluded.hash, must_change = false, updated_at = now()`,
        [accountId, hash],
      )
    },

    /** Stores a stronger hash of the same password, unless the password has changed meanwhile. */
    async strengthen(accountId: string, weaker: string, stronger: string): Promise<void> {
      await db.query('UPDATE password_credentials SET hash = $3 WHERE account_sub = $1 AND hash = $2', [
        accountId,
        weaker,
        stronger,
      ])
    },
  }
}
