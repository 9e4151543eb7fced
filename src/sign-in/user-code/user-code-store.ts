/** Reads and writes the table user_codes: one argon2id PHC string for each account, sealed. */
import type { Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'

const PURPOSE = 'user-code'

export const SEALED_USER_CODES: SealedColumn = {
  table: 'user_codes',
  column: 'sealed',
  purpose: PURPOSE,
  ...boundTo('account_sub'),
}

export function createUserCodeStore(db: Queryable, keyring: Pick<Keyring, 'seal' | 'open'>) {
  return {
    /** Returns the hash of the code. */
    async find(accountId: string): Promise<string | undefined> {
      const { rows } = await db.query<{ sealed: Buffer }>('SELECT sealed FROM user_codes WHERE account_sub = $1', [
        accountId,
      ])
      return rows[0] && keyring.open(PURPOSE, rows[0].sealed, accountId).toString()
    },

    async state(accountId: string): Promise<{ updatedAt: Date } | undefined> {
      const { rows } = await db.query<{ updatedAt: Date }>(
        'SELECT updated_at AS "updatedAt" FROM user_codes WHERE account_sub = $1',
        [accountId],
      )
      return rows[0]
    },

    /** Stores the hash of a new code, in place of any other. */
    async put(accountId: string, hash: string): Promise<void> {
      await db.query(
        `INSERT INTO user_codes (account_sub, sealed) VALUES ($1, $2)
         ON CONFLICT (account_sub) DO UPDATE SET sealed = excluded.sealed, updated_at = clock_timestamp()`,
        [accountId, keyring.seal(PURPOSE, hash, accountId)],
      )
    },

    /** Returns false if there is none. */
    async remove(accountId: string): Promise<boolean> {
      const { rowCount } = await db.query('DELETE FROM user_codes WHERE account_sub = $1', [accountId])
      return rowCount === 1
    },
  }
}
