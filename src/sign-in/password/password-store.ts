/** Reads and writes the table password_credentials: one argon2id PHC string for each account, sealed. */
import type { Queryable } from '#database/database.ts'
import type { PasswordSeals } from './sealed-passwords.ts'

export const PASSWORD_CREDENTIALS = 'SELECT 1 FROM password_credentials WHERE account_sub = $1'
export const PASSWORDS_TO_REPLACE = `${PASSWORD_CREDENTIALS} AND must_change`

export interface PasswordCredential {
  readonly hash: string
  readonly mustChange: boolean
  /** Another one once the password was changed. */
  readonly version: string
}

interface Row {
  /** The hash in plain, as earlier releases wrote it. They leave `sealed` as it is, so the plain one is the newer. */
  readonly hash: string | null
  readonly sealed: Buffer
  readonly mustChange: boolean
  readonly version: string
}

export type PasswordStore = ReturnType<typeof createPasswordStore>

export function createPasswordStore(db: Queryable, seals: PasswordSeals) {
  return {
    async find(accountId: string): Promise<PasswordCredential | undefined> {
      const { rows } = await db.query<Row>(
        `SELECT hash, sealed, must_change AS "mustChange", updated_at::text AS version
         FROM password_credentials WHERE account_sub = $1`,
        [accountId],
      )
      if (!rows[0]) return undefined
      const { hash, sealed, mustChange, version } = rows[0]
      return { hash: hash ?? seals.open(accountId, sealed), mustChange, version }
    },

    async state(accountId: string): Promise<{ updatedAt: Date } | undefined> {
      const { rows } = await db.query<{ updatedAt: Date }>(
        'SELECT updated_at AS "updatedAt" FROM password_credentials WHERE account_sub = $1',
        [accountId],
      )
      return rows[0]
    },

    ...createWrites(db, seals),

    sealPlain: (limit: number) => sealPlain(db, seals, limit),
  }
}

/** Creates the functions that store hashes, which they seal. */
function createWrites(db: Queryable, { seal }: Pick<PasswordSeals, 'seal'>) {
  return {
    /** Inserts the account's first password. Throws if it already has one. */
    async insert(accountId: string, { hash, mustChange }: Omit<PasswordCredential, 'version'>): Promise<void> {
      await db.query('INSERT INTO password_credentials (account_sub, sealed, must_change) VALUES ($1, $2, $3)', [
        accountId,
        seal(accountId, hash),
        mustChange,
      ])
    },

    /** Replaces the password that has `version`. Returns false if the account has another one by now. */
    async change(accountId: string, version: string, hash: string): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE password_credentials
         SET sealed = $3, hash = NULL, must_change = false, updated_at = clock_timestamp()
         WHERE account_sub = $1 AND updated_at = $2::timestamptz`,
        [accountId, version, seal(accountId, hash)],
      )
      return rowCount === 1
    },

    /** Sets the password, whether or not the account has one. */
    async put(accountId: string, hash: string): Promise<void> {
      await db.query(
        `INSERT INTO password_credentials (account_sub, sealed) VALUES ($1, $2)
         ON CONFLICT (account_sub) DO UPDATE
           SET sealed = excluded.sealed, hash = NULL, must_change = false, updated_at = clock_timestamp()`,
        [accountId, seal(accountId, hash)],
      )
    },

    /** Stores a stronger hash of the same password, unless the password has changed meanwhile. */
    async strengthen(accountId: string, version: string, stronger: string): Promise<void> {
      await db.query(
        `UPDATE password_credentials SET sealed = $3, hash = NULL
         WHERE account_sub = $1 AND updated_at = $2::timestamptz`,
        [accountId, version, seal(accountId, stronger)],
      )
    },
  }
}

/** Seals up to `limit` hashes that earlier releases left in plain. Returns how many; safe under concurrent calls. */
async function sealPlain(db: Queryable, { seal }: Pick<PasswordSeals, 'seal'>, limit: number): Promise<number> {
  const { rows } = await db.query<{ id: string; hash: string }>(
    'SELECT account_sub AS id, hash FROM password_credentials WHERE hash IS NOT NULL LIMIT $1',
    [limit],
  )
  if (rows.length === 0) return 0
  const { rowCount } = await db.query(
    `UPDATE password_credentials AS p SET sealed = new.sealed, hash = NULL
     FROM unnest($1::text[], $2::text[], $3::bytea[]) AS new (id, hash, sealed)
     WHERE p.account_sub = new.id AND p.hash = new.hash`,
    [rows.map(({ id }) => id), rows.map(({ hash }) => hash), rows.map(({ id, hash }) => seal(id, hash))],
  )
  return rowCount
}
