/** Reads and writes the tables passkey_users and passkeys. */
import type { Queryable } from '#database/database.ts'
import type { Passkey } from './passkey.ts'

/** Finds rows if the account `$1` has a passkey. */
export const PASSKEY_CREDENTIALS = 'SELECT 1 FROM passkeys WHERE account_sub = $1'

export interface StoredPasskey {
  readonly id: string
  readonly accountId: string
  readonly name: string
  readonly userHandle: Buffer
  readonly publicKey: Buffer
  readonly signCount: number
  readonly synced: boolean
}

export interface NewPasskey {
  readonly id: string
  readonly credentialId: Buffer
  readonly publicKey: Buffer
  readonly signCount: number
  readonly synced: boolean
  readonly transports: readonly string[]
  readonly name: string
}

export type PasskeyStore = ReturnType<typeof createPasskeyStore>

export function createPasskeyStore(db: Queryable) {
  async function done(text: string, values: readonly unknown[]): Promise<boolean> {
    return (await db.query(text, values)).rowCount === 1
  }

  return {
    find: (credentialId: Buffer) => find(db, credentialId),
    list: (accountId: string) => list(db, accountId),
    insert: (accountId: string, passkey: NewPasskey, limit: number) => insert(db, accountId, passkey, limit),

    /** Returns the account's user handle, and sets it to `fresh` if it has none. Undefined if the account is gone. */
    async userHandle(accountId: string, fresh: Buffer): Promise<Buffer | undefined> {
      const { rows } = await db.query<{ handle: Buffer }>(
        `INSERT INTO passkey_users (account_sub, user_handle) SELECT sub, $2 FROM accounts WHERE sub = $1
         ON CONFLICT (account_sub) DO UPDATE SET user_handle = passkey_users.user_handle
         RETURNING user_handle AS handle`,
        [accountId, fresh],
      )
      return rows[0]?.handle
    },

    /**
     * Lists the credentials that a new passkey must not duplicate (`excludeCredentials`). A device whose passkey has
     * changed may make another in its place.
     */
    async credentials(accountId: string): Promise<{ id: Buffer; transports: string[] }[]> {
      const { rows } = await db.query<{ id: Buffer; transports: string[] }>(
        'SELECT credential_id AS id, transports FROM passkeys WHERE account_sub = $1 AND changed_at IS NULL ORDER BY created_at, id',
        [accountId],
      )
      return rows
    },

    /** Updates the signature counter (WebAuthn §7.2). False if it did not grow or the passkey was removed. */
    use: (id: string, signCount: number) =>
      done(
        `UPDATE passkeys SET sign_count = $2, last_used_at = statement_timestamp()
         WHERE id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))`,
        [id, signCount],
      ),

    /** Notes that the passkey has changed. Returns false if that is known, or the passkey was removed. */
    markChanged: (id: string) =>
      done('UPDATE passkeys SET changed_at = statement_timestamp() WHERE id = $1 AND changed_at IS NULL', [id]),

    /** Returns false if the account has no such passkey. */
    rename: (accountId: string, id: string, name: string) =>
      done('UPDATE passkeys SET name = $3 WHERE account_sub = $1 AND id = $2', [accountId, id, name]),

    /** Removes a passkey. Returns its name, or undefined if the account has no such passkey. */
    async remove(accountId: string, id: string): Promise<string | undefined> {
      const { rows } = await db.query<{ name: string }>(
        'DELETE FROM passkeys WHERE account_sub = $1 AND id = $2 RETURNING name',
        [accountId, id],
      )
      return rows[0]?.name
    },
  }
}

async function find(db: Queryable, credentialId: Buffer): Promise<StoredPasskey | undefined> {
  const { rows } = await db.query<Omit<StoredPasskey, 'signCount'> & { signCount: string }>(
    `SELECT id, account_sub AS "accountId", name, user_handle AS "userHandle", public_key AS "publicKey",
       sign_count AS "signCount", synced
     FROM passkeys JOIN passkey_users USING (account_sub) WHERE credential_id = $1`,
    [credentialId],
  )
  return rows[0] && { ...rows[0], signCount: Number(rows[0].signCount) }
}

/** Oldest first. */
async function list(db: Queryable, accountId: string): Promise<Passkey[]> {
  const { rows } = await db.query<
    Omit<Passkey, 'lastUsedAt' | 'changedAt'> & { lastUsedAt: Date | null; changedAt: Date | null }
  >(
    `SELECT id, name, synced, created_at AS "createdAt", last_used_at AS "lastUsedAt", changed_at AS "changedAt"
     FROM passkeys WHERE account_sub = $1 ORDER BY created_at, id`,
    [accountId],
  )
  return rows.map((row) => ({ ...row, lastUsedAt: row.lastUsedAt ?? undefined, changedAt: row.changedAt ?? undefined }))
}

/**
 * Adds a passkey. Must run in a transaction, because it counts first. `full`: the account already has `limit` passkeys.
 * `known`: an account already has this credential. `gone`: the account no longer exists.
 */
async function insert(
  db: Queryable,
  accountId: string,
  passkey: NewPasskey,
  limit: number,
): Promise<'added' | 'full' | 'known' | 'gone'> {
  const { rowCount: isThere } = await db.query('SELECT FROM passkey_users WHERE account_sub = $1 FOR UPDATE', [
    accountId,
  ])
  if (isThere === 0) return 'gone'
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM passkeys WHERE account_sub = $1',
    [accountId],
  )
  if ((rows[0]?.count ?? 0) >= limit) return 'full'
  const { id, credentialId, publicKey, signCount, synced, transports, name } = passkey
  const { rowCount } = await db.query(
    `INSERT INTO passkeys (id, account_sub, credential_id, public_key, sign_count, synced, transports, name)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential_id) DO NOTHING`,
    [id, accountId, credentialId, publicKey, signCount, synced, transports, name],
  )
  return rowCount === 1 ? 'added' : 'known'
}
