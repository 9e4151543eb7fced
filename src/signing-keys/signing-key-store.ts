/** The SQL of the tables `signing_keys` and `archived_signing_keys`. */
import type { JWK } from 'jose'
import type { Queryable } from '#database/database.ts'
import type { KeyStatus, SigningAlg, SigningKey } from './signing-key.ts'

interface Row {
  kid: string
  alg: SigningAlg
  status: KeyStatus
  public_jwk: JWK
  private_jwk: Buffer | null
  created_at: Date
  activated_at: Date | null
  retired_at: Date | null
}

/** A key as stored. `sealed` is its private key, which is erased on retirement. */
export interface StoredKey extends SigningKey {
  readonly sealed: Buffer | undefined
}

export interface NewKey {
  readonly kid: string
  readonly alg: SigningAlg
  readonly status: KeyStatus
  readonly publicJwk: JWK
  readonly sealed: Buffer
}

const KEYS = `SELECT kid, alg, status, public_jwk, private_jwk, created_at, activated_at, retired_at FROM (
    SELECT kid, alg, status, public_jwk, private_jwk, created_at, activated_at, retired_at FROM signing_keys
    UNION ALL
    SELECT kid, alg, 'archived', public_jwk, NULL, created_at, activated_at, retired_at FROM archived_signing_keys
  ) AS keys`
const INSERT = `INSERT INTO signing_keys (kid, alg, status, public_jwk, private_jwk, created_at, activated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
const RETIRE = `UPDATE signing_keys SET status = 'retired', private_jwk = NULL, retired_at = $2
  WHERE kid = $1 AND status = 'current'`
const REMOVE = `WITH ring AS (DELETE FROM signing_keys WHERE kid = $1 RETURNING status),
    archive AS (DELETE FROM archived_signing_keys WHERE kid = $1 RETURNING 'archived' AS status)
  SELECT status FROM ring UNION ALL SELECT status FROM archive`
const ARCHIVE = `WITH gone AS (
    DELETE FROM signing_keys WHERE status = 'retired' AND retired_at < $1
    RETURNING kid, alg, public_jwk, created_at, activated_at, retired_at)
  INSERT INTO archived_signing_keys (kid, alg, public_jwk, created_at, activated_at, retired_at)
  SELECT kid, alg, public_jwk, created_at, activated_at, retired_at FROM gone`
const PROMOTE = `UPDATE signing_keys SET status = 'current', activated_at = $2
  WHERE alg = $1 AND status = 'next' RETURNING kid`

/** Creates the store over `db`: the pool or a transaction. */
export function createSigningKeyStore(db: Queryable) {
  return {
    async list(): Promise<StoredKey[]> {
      const { rows } = await db.query<Row>(`${KEYS} ORDER BY alg, created_at, kid`)
      return rows.map(toKey)
    },

    async read(kid: string): Promise<StoredKey | undefined> {
      const { rows } = await db.query<Row>(`${KEYS} WHERE kid = $1`, [kid])
      return rows[0] && toKey(rows[0])
    },

    /** Returns false when the algorithm already has a key of that status, because another node was faster. */
    async insert({ kid, alg, status, publicJwk, sealed }: NewKey, at: Date): Promise<boolean> {
      const activatedAt = status === 'current' ? at : null
      const values = [kid, alg, status, JSON.stringify(publicJwk), sealed, at, activatedAt]
      return (await db.query(INSERT, values)).rowCount === 1
    },

    /** Retires a current key and erases its private key. Returns false when it is not current. */
    retire: async (kid: string, at: Date) => (await db.query(RETIRE, [kid, at])).rowCount === 1,

    /** Makes the next key of an algorithm current. Returns its kid, or undefined when there is none. */
    promote: async (alg: SigningAlg, at: Date) => (await db.query<{ kid: string }>(PROMOTE, [alg, at])).rows[0]?.kid,

    /** Deletes a key and returns its status, or undefined when it does not exist. */
    async remove(kid: string): Promise<KeyStatus | undefined> {
      const { rows } = await db.query<Row>(REMOVE, [kid])
      return rows[0]?.status
    },

    /** Archives the keys that were retired before `retiredBefore` and returns how many. */
    archiveRetired: async (retiredBefore: Date) => (await db.query(ARCHIVE, [retiredBefore])).rowCount,

    /** Deletes the archived keys that were retired before `retiredBefore` and returns how many. */
    async removeArchived(retiredBefore: Date): Promise<number> {
      return (await db.query('DELETE FROM archived_signing_keys WHERE retired_at < $1', [retiredBefore])).rowCount
    },
  }
}

function toKey(row: Row): StoredKey {
  return {
    kid: row.kid,
    alg: row.alg,
    status: row.status,
    publicJwk: row.public_jwk,
    sealed: row.private_jwk ?? undefined,
    createdAt: row.created_at,
    activatedAt: row.activated_at ?? undefined,
    retiredAt: row.retired_at ?? undefined,
  }
}
