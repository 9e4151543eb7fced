/** The SQL of the table `initial_access_tokens`. */
import type { Queryable } from '#database/database.ts'
import { decodeCursor, encodeCursor } from '#shared/cursor.ts'
import type { Page } from '../client.ts'
import type { RegistrationPolicy } from './policy.ts'
import type { InitialAccessToken } from './registration.ts'

interface Row {
  id: string
  name: string | null
  policy: RegistrationPolicy
  max_uses: number | null
  uses: number
  created_at: Date
  expires_at: Date
  sort_key: string
}

/** The sort key includes microseconds, which a Date lacks. */
const COLUMNS = `id, name, policy, max_uses, uses, created_at, expires_at,
  to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS sort_key`
const CURSOR = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, /^[\x21-\x7E]{1,128}$/]
const GOOD = 'expires_at > $2 AND (max_uses IS NULL OR uses < max_uses)'

/** Statements on `db`, which is the pool or a transaction. */
export function createTokenStore(db: Queryable) {
  return {
    async insert({ id, name, policy, maxUses, createdAt, expiresAt }: InitialAccessToken, digest: Buffer) {
      await db.query(
        `INSERT INTO initial_access_tokens (id, digest, name, policy, max_uses, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [id, digest, name ?? null, JSON.stringify(policy), maxUses ?? null, createdAt, expiresAt],
      )
    },

    /** Returns the token if it can be used now. */
    async find(digest: Buffer, at: Date): Promise<InitialAccessToken | undefined> {
      const { rows } = await db.query<Row>(
        `SELECT ${COLUMNS} FROM initial_access_tokens WHERE digest = $1 AND ${GOOD}`,
        [digest, at],
      )
      return rows[0] && toToken(rows[0])
    },

    /** Uses the token once. False when it is gone, has expired or was used as often as it may be. */
    async use(digest: Buffer, at: Date): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE initial_access_tokens SET uses = uses + 1 WHERE digest = $1 AND ${GOOD}`,
        [digest, at],
      )
      return rowCount === 1
    },

    /** Returns a page of tokens, oldest first. */
    async list({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<InitialAccessToken>> {
      const [createdAt, id] = cursor === undefined ? [null, null] : decodeCursor(cursor, CURSOR)
      const { rows } = await db.query<Row>(
        `SELECT ${COLUMNS} FROM initial_access_tokens
         WHERE $1::text IS NULL OR (created_at, id) > ($1::timestamptz, $2) ORDER BY created_at, id LIMIT $3`,
        [createdAt, id, limit + 1],
      )
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return {
        items: rows.slice(0, limit).map(toToken),
        nextCursor: last ? encodeCursor([last.sort_key, last.id]) : null,
      }
    },

    /** Returns the name of the removed token; undefined when there was none. */
    async remove(id: string): Promise<{ name: string | null } | undefined> {
      const text = 'DELETE FROM initial_access_tokens WHERE id = $1 RETURNING name'
      return (await db.query<{ name: string | null }>(text, [id])).rows[0]
    },

    /** Removes the tokens that expired before `at`. */
    removeExpired: async (at: Date) =>
      (await db.query('DELETE FROM initial_access_tokens WHERE expires_at < $1', [at])).rowCount,
  }
}

function toToken(row: Row): InitialAccessToken {
  return {
    id: row.id,
    name: row.name ?? undefined,
    policy: row.policy,
    maxUses: row.max_uses ?? undefined,
    uses: row.uses,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
