/** The tables passkey_users, passkeys and spent_passkey_challenges. */
import type { Queryable } from '#database/database.ts'
import type { Passkey } from './passkey.ts'

/** A passkey as an assertion is checked against it. */
export interface StoredPasskey {
  readonly id: string
  readonly accountSub: string
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

interface Row {
  id: string
  name: string
  synced: boolean
  created_at: Date
  last_used_at: Date | null
}

export type PasskeyStore = ReturnType<typeof createPasskeyStore>

export function createPasskeyStore(db: Queryable) {
  return {
    /** The account's user handle: `fresh`, where it had none yet. Undefined where there is no such account. */
    async userHandle(sub: string, fresh: Buffer): Promise<Buffer | undefined> {
      const { rows } = await db.query<{ handle: Buffer }>(
        `WITH made AS (
           INSERT INTO passkey_users (account_sub, user_handle) SELECT sub, $2 FROM accounts WHERE sub = $1
           ON CONFLICT (account_sub) DO UPDATE SET user_handle = passkey_users.user_handle RETURNING user_handle
         )
         SELECT user_handle AS handle FROM made`,
        [sub, fresh],
      )
      return rows[0]?.handle
    },

    async find(credentialId: Buffer): Promise<StoredPasskey | undefined> {
      const { rows } = await db.query<Omit<StoredPasskey, 'signCount'> & { signCount: string }>(
        `SELECT id, account_sub AS "accountSub", user_handle AS "userHandle", public_key AS "publicKey",
           sign_count AS "signCount", synced
         FROM passkeys JOIN passkey_users USING (account_sub) WHERE credential_id = $1`,
        [credentialId],
      )
      return rows[0] && { ...rows[0], signCount: Number(rows[0].signCount) }
    },

    /** WebAuthn §7.2, last steps. False where the counter did not grow, or the passkey is gone. */
    async use(id: string, signCount: number): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE passkeys SET sign_count = $2, last_used_at = statement_timestamp()
         WHERE id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))`,
        [id, signCount],
      )
      return rowCount === 1
    },

    /**
     * In a transaction, for it counts before it adds. `full`: the account has `limit` already. `known`: the credential
     * is somebody's.
     */
    async insert(sub: string, passkey: NewPasskey, limit: number): Promise<'added' | 'full' | 'known'> {
      await db.query('SELECT FROM passkey_users WHERE account_sub = $1 FOR UPDATE', [sub])
      const { rows } = await db.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM passkeys WHERE account_sub = $1',
        [sub],
      )
      if ((rows[0]?.count ?? 0) >= limit) return 'full'
      const { id, credentialId, publicKey, signCount, synced, transports, name } = passkey
      const { rowCount } = await db.query(
        `INSERT INTO passkeys (id, account_sub, credential_id, public_key, sign_count, synced, transports, name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential_id) DO NOTHING`,
        [id, sub, credentialId, publicKey, signCount, synced, transports, name],
      )
      return rowCount === 1 ? 'added' : 'known'
    },

    /** Oldest first. */
    async list(sub: string): Promise<Passkey[]> {
      const { rows } = await db.query<Row>(
        `SELECT id, name, synced, created_at, last_used_at FROM passkeys
         WHERE account_sub = $1 ORDER BY created_at, id`,
        [sub],
      )
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        synced: row.synced,
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at ?? undefined,
      }))
    },

    async credentials(sub: string): Promise<{ id: Buffer; transports: string[] }[]> {
      const { rows } = await db.query<{ id: Buffer; transports: string[] }>(
        'SELECT credential_id AS id, transports FROM passkeys WHERE account_sub = $1 ORDER BY created_at, id',
        [sub],
      )
      return rows
    },

    /** False where the account has no such passkey. */
    async rename(sub: string, id: string, name: string): Promise<boolean> {
      const { rowCount } = await db.query('UPDATE passkeys SET name = $3 WHERE account_sub = $1 AND id = $2', [
        sub,
        id,
        name,
      ])
      return rowCount === 1
    },

    /** The name of what is gone now; undefined where the account had no such passkey. */
    async remove(sub: string, id: string): Promise<string | undefined> {
      const { rows } = await db.query<{ name: string }>(
        'DELETE FROM passkeys WHERE account_sub = $1 AND id = $2 RETURNING name',
        [sub, id],
      )
      return rows[0]?.name
    },

    /** True for one caller of those that present the challenge, while it is good by the database's clock. */
    async spendChallenge(digest: Buffer, expiresAtSeconds: number): Promise<boolean> {
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
           SELECT digest FROM spent_passkey_challenges WHERE expires_at < statement_timestamp()
           ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
