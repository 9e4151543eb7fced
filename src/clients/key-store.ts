/** The SQL of the tables `client_keys` and `client_key_documents`. */
import type { Queryable } from '#database/database.ts'
import { kindOf } from './client-keys.ts'
import type { FetchedKeys, PublicJwk } from './client.ts'
import { keyThumbprint } from './key-thumbprint.ts'

/** A key that a client has or had. */
export interface SeenKey {
  readonly thumbprint: string
  readonly kid: string | null
  /** `kty` and, if there is one, `crv`. */
  readonly kind: string
  readonly alg: string | null
  readonly firstSeenAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

/** The result of the last fetch of a `jwks_uri`. */
export interface KeyDocumentState {
  readonly uri: string
  readonly fetchedAt: Date | null
  readonly attemptedAt: Date
  /** Why the last attempt failed; null when it succeeded. */
  readonly error: string | null
  /** How many keys of the document come after those that are used. */
  readonly ignored: number
}

export interface KeyUse {
  readonly clientId: string
  readonly key: PublicJwk
  readonly at: Date
}

/** How many keys of one client are kept. Beyond that, the oldest ones that are not revoked are deleted. */
const MAX_SEEN = 200

const SEEN = `INSERT INTO client_keys (client_id, thumbprint, kid, kind, alg, first_seen_at)
  SELECT $1, k.thumbprint, k.kid, k.kind, k.alg, $3
  FROM jsonb_to_recordset($2::jsonb) AS k (thumbprint text, kid text, kind text, alg text) ORDER BY k.thumbprint
  ON CONFLICT (client_id, thumbprint) DO UPDATE SET kid = excluded.kid, alg = excluded.alg
  WHERE (client_keys.kid, client_keys.alg) IS DISTINCT FROM (excluded.kid, excluded.alg)`
const FORGET = `DELETE FROM client_keys WHERE client_id = $1 AND revoked_at IS NULL AND thumbprint NOT IN (
  SELECT thumbprint FROM client_keys WHERE client_id = $1 ORDER BY first_seen_at DESC, thumbprint LIMIT ${MAX_SEEN})`
/** Sorted, so that two nodes that write at the same time do not deadlock. */
const USED = `INSERT INTO client_keys (client_id, thumbprint, kid, kind, alg, first_seen_at, last_used_at)
  SELECT u.client_id, u.thumbprint, u.kid, u.kind, u.alg, u.used_at, u.used_at
  FROM jsonb_to_recordset($1::jsonb)
    AS u (client_id text, thumbprint text, kid text, kind text, alg text, used_at timestamptz)
  WHERE EXISTS (SELECT FROM clients c WHERE c.id = u.client_id FOR KEY SHARE)
  ORDER BY u.client_id, u.thumbprint
  ON CONFLICT (client_id, thumbprint) DO UPDATE
  SET last_used_at = greatest(client_keys.last_used_at, excluded.last_used_at)`
/** The result of an earlier fetch does not replace that of a later one. */
const FETCHED = `INSERT INTO client_key_documents (client_id, uri, keys, fetched_at, fresh_until, attempted_at, ignored)
  VALUES ($1, $2, $3, $4, $5, $4, $6) ON CONFLICT (client_id) DO UPDATE
  SET uri = excluded.uri, keys = excluded.keys, fetched_at = excluded.fetched_at, fresh_until = excluded.fresh_until,
    attempted_at = excluded.attempted_at, error = NULL, ignored = excluded.ignored
  WHERE client_key_documents.attempted_at <= excluded.attempted_at`
const FAILED = `INSERT INTO client_key_documents AS d (client_id, uri, attempted_at, error) VALUES ($1, $2, $3, $4)
  ON CONFLICT (client_id) DO UPDATE SET attempted_at = excluded.attempted_at, error = excluded.error, uri = excluded.uri,
    keys = CASE WHEN d.uri = excluded.uri THEN d.keys END,
    fetched_at = CASE WHEN d.uri = excluded.uri THEN d.fetched_at END,
    fresh_until = CASE WHEN d.uri = excluded.uri THEN d.fresh_until END,
    ignored = CASE WHEN d.uri = excluded.uri THEN d.ignored ELSE 0 END
  WHERE d.attempted_at <= excluded.attempted_at`

/** Statements on `db`, which is the pool or a transaction. */
export function createKeyStore(db: Queryable) {
  return {
    /** Records the keys that a client has. Known keys keep their times and their revocation. */
    async seen(clientId: string, keys: readonly PublicJwk[], at: Date): Promise<void> {
      if (keys.length === 0) return
      await db.query(SEEN, [clientId, JSON.stringify(uniqueRecords(keys)), at])
      await db.query(FORGET, [clientId])
    },

    async used(uses: readonly KeyUse[]): Promise<void> {
      const records = uses.map(({ clientId, key, at }) => ({ client_id: clientId, ...describeKey(key), used_at: at }))
      await db.query(USED, [JSON.stringify(records)])
    },

    /** Lists the keys, oldest first. */
    async list(clientId: string): Promise<SeenKey[]> {
      const { rows } = await db.query<SeenKey>(
        `SELECT thumbprint, kid, kind, alg, first_seen_at AS "firstSeenAt", last_used_at AS "lastUsedAt",
           revoked_at AS "revokedAt"
         FROM client_keys WHERE client_id = $1 ORDER BY first_seen_at, thumbprint`,
        [clientId],
      )
      return rows
    },

    /** Revokes the keys with this `kid` or thumbprint, and returns those that were not revoked before. */
    async revoke(clientId: string, name: string, at: Date): Promise<{ thumbprint: string; kid: string | null }[]> {
      const { rows } = await db.query<{ thumbprint: string; kid: string | null }>(
        `UPDATE client_keys SET revoked_at = $3
         WHERE client_id = $1 AND (kid = $2 OR thumbprint = $2) AND revoked_at IS NULL RETURNING thumbprint, kid`,
        [clientId, name, at],
      )
      return rows
    },

    async document(clientId: string): Promise<KeyDocumentState | undefined> {
      const { rows } = await db.query<KeyDocumentState>(
        `SELECT uri, fetched_at AS "fetchedAt", attempted_at AS "attemptedAt", error, ignored
         FROM client_key_documents WHERE client_id = $1`,
        [clientId],
      )
      return rows[0]
    },

    async fetched(clientId: string, uri: string, fetched: FetchedKeys): Promise<void> {
      const { keys, fetchedAt, freshUntil, ignored } = fetched
      await db.query(FETCHED, [clientId, uri, JSON.stringify(keys), fetchedAt, freshUntil, ignored])
    },

    async failed(clientId: string, { uri, error, at }: { uri: string; error: string; at: Date }): Promise<void> {
      await db.query(FAILED, [clientId, uri, at, error.slice(0, 500)])
    },
  }
}

function uniqueRecords(keys: readonly PublicJwk[]) {
  return [...new Map(keys.map((key) => [keyThumbprint(key), describeKey(key)])).values()]
}

/** Returns what is stored about a key. */
export function describeKey(key: PublicJwk) {
  const { kid, alg } = key
  return {
    thumbprint: keyThumbprint(key),
    kid: kid ?? null,
    kind: kindOf(key),
    alg: typeof alg === 'string' ? alg : null,
  }
}
