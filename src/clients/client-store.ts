/** The SQL of the tables `clients` and `client_allowances`. */
import type { Queryable } from '#database/database.ts'
import { decodeCursor, encodeCursor } from '#shared/cursor.ts'
import type { Allowance, Client, ClientQuery, KnownDocument, Page, PublicJwk } from './client.ts'

/** The fields that a change writes. */
export type ClientFields = Pick<Client, 'profile' | 'metadata' | 'openidScopes' | 'allowances' | 'defaultResource'>

interface Row {
  id: string
  origin: Client['origin']
  profile: Client['profile']
  status: Client['status']
  metadata: Record<string, unknown>
  openid_scopes: string[]
  default_resource: string | null
  version: number
  created_at: Date
  updated_at: Date
  allowances: Allowance[]
  secret_digests: string[]
  revoked_keys: Record<string, string | null>
  published_keys: { keys: PublicJwk[]; fetched_at: string; fresh_until: string } | null
  document: { fetched_at: string | null; next_at: string; consent_since: string | null } | null
  sort_key: string
}

/** `$1` is the time at which a secret must still be valid. The sort key includes microseconds, which a Date lacks. */
const SELECT = `SELECT c.id, c.origin, c.profile, c.status, c.metadata, to_jsonb(c.openid_scopes) AS openid_scopes,
    c.default_resource, c.version, c.created_at, c.updated_at,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('resource', a.resource, 'scopes', a.scopes) ORDER BY a.resource), '[]')
     FROM client_allowances a WHERE a.client_id = c.id) AS allowances,
    (SELECT coalesce(jsonb_agg(encode(s.digest, 'hex') ORDER BY s.created_at), '[]') FROM client_secrets s
     WHERE s.client_id = c.id AND (s.expires_at IS NULL OR s.expires_at > $1)) AS secret_digests,
    (SELECT coalesce(jsonb_object_agg(k.thumbprint, k.kid), '{}') FROM client_keys k
     WHERE k.client_id = c.id AND k.revoked_at IS NOT NULL) AS revoked_keys,
    (SELECT jsonb_build_object('keys', d.keys, 'fetched_at', d.fetched_at, 'fresh_until', d.fresh_until)
     FROM client_key_documents d
     WHERE d.client_id = c.id AND d.uri = c.metadata->>'jwks_uri' AND d.keys IS NOT NULL) AS published_keys,
    (SELECT jsonb_build_object('fetched_at', f.fetched_at, 'next_at', f.next_at, 'consent_since', f.consent_since)
     FROM client_documents f WHERE f.id = c.id) AS document,
    to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS sort_key
  FROM clients c`
const CURSOR = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, /^[\x21-\x7E]{1,512}$/]

const INSERT = `INSERT INTO clients (id, profile, metadata, openid_scopes, default_resource, origin, created_at, updated_at)
  VALUES ($1, $2, $3, ARRAY(SELECT jsonb_array_elements_text($4::jsonb)), $5, $6, $7, $7) ON CONFLICT DO NOTHING`
const UPDATE = `UPDATE clients SET profile = $2, metadata = $3,
    openid_scopes = ARRAY(SELECT jsonb_array_elements_text($4::jsonb)), default_resource = $5,
    version = version + 1, updated_at = $6
  WHERE id = $1 AND version = $7`
const SET_STATUS = `UPDATE clients SET status = $2, version = version + 1, updated_at = $3
  WHERE id = $1 AND version = $4`
const INSERT_ALLOWANCES = `INSERT INTO client_allowances (client_id, resource, scopes)
  SELECT $1, a.resource, ARRAY(SELECT jsonb_array_elements_text(a.scopes))
  FROM jsonb_to_recordset($2::jsonb) AS a (resource text, scopes jsonb)`
const MAY_ADMINISTER = `${SELECT} WHERE c.status = 'enabled' AND EXISTS (
    SELECT FROM client_allowances a WHERE a.client_id = c.id AND a.resource = $2 AND $3 = ANY (a.scopes))`
const BURY = `INSERT INTO deleted_clients (id, deleted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`
const FORGET_RESOURCE = `WITH gone AS (DELETE FROM client_allowances WHERE resource = $1 RETURNING client_id),
    changed AS (
      UPDATE clients SET default_resource = nullif(default_resource, $1), version = version + 1, updated_at = $3
      WHERE id IN (SELECT client_id FROM gone) OR default_resource = $1 RETURNING id)
  SELECT pg_notify($2, id) FROM changed`

/** Statements on `db`, which is the pool or a transaction. */
export function createClientStore(db: Queryable) {
  const changesOne = async (text: string, values: readonly unknown[]) => (await db.query(text, values)).rowCount === 1

  return {
    /** False when the id is taken. */
    async insert(id: string, fields: ClientFields & Pick<Client, 'origin'>, at: Date): Promise<boolean> {
      const inserted = await changesOne(INSERT, [id, ...changeable(fields), fields.origin, at])
      if (inserted) await writeAllowances(db, id, fields.allowances)
      return inserted
    },

    async read(id: string, at: Date): Promise<Client | undefined> {
      const { rows } = await db.query<Row>(`${SELECT} WHERE c.id = $2`, [at, id])
      return rows[0] && toClient(rows[0])
    },

    list: (query: ClientQuery, at: Date) => listPage(db, query, at),

    /** False when the client is gone or its version is no longer `version`. */
    async update(id: string, fields: ClientFields, version: number, at: Date): Promise<boolean> {
      const updated = await changesOne(UPDATE, [id, ...changeable(fields), at, version])
      if (updated) await writeAllowances(db, id, fields.allowances)
      return updated
    },

    /** Locks the client and increments its version, for a change of its secrets or keys. False when it is gone. */
    touch: (id: string, at: Date) =>
      changesOne('UPDATE clients SET version = version + 1, updated_at = $2 WHERE id = $1', [id, at]),

    /** False when the client is gone or its version is no longer `version`. */
    setStatus: (id: string, status: Client['status'], version: number, at: Date) =>
      changesOne(SET_STATUS, [id, status, at, version]),

    /** Replaces the keys in the client's metadata. */
    setKeys: (id: string, keys: readonly PublicJwk[]) =>
      changesOne(`UPDATE clients SET metadata = jsonb_set(metadata, '{jwks}', $2::jsonb) WHERE id = $1`, [
        id,
        JSON.stringify({ keys }),
      ]),

    /** Locks the client until the end of the transaction. False when it is gone or has another version. */
    lock: ({ id, version }: Pick<Client, 'id' | 'version'>) =>
      changesOne('SELECT FROM clients WHERE id = $1 AND version = $2 FOR UPDATE', [id, version]),

    /**
     * Also stores the id as deleted. Ids of self-registered clients are random and cannot be chosen, so they need no such
     * row, which any stranger could cause.
     */
    async remove({ id, origin }: Pick<Client, 'id' | 'origin'>, at: Date): Promise<void> {
      await db.query('DELETE FROM clients WHERE id = $1', [id])
      if (origin !== 'registration') await db.query(BURY, [id, at])
    },

    async wasDeleted(id: string): Promise<boolean> {
      return (await db.query('SELECT FROM deleted_clients WHERE id = $1', [id])).rowCount === 1
    },

    /** Lets the id of a deleted client be used again. False when no such client was deleted. */
    forgetDeletion: (id: string) => changesOne('DELETE FROM deleted_clients WHERE id = $1', [id]),

    /**
     * Returns the enabled clients that are allowed a scope of a resource. Holds a lock until the end of the transaction,
     * so that the next one that asks sees its changes.
     */
    async allowed(resource: string, scope: string, at: Date): Promise<Client[]> {
      await db.query(`SELECT pg_advisory_xact_lock(hashtextextended('last_administrator', 0))`)
      const { rows } = await db.query<Row>(MAY_ADMINISTER, [at, resource, scope])
      return rows.map(toClient)
    },

    /** Removes a resource from the allowances of every client, and sends a notification for each on `channel`. */
    async forgetResource(resource: string, channel: string, at: Date): Promise<void> {
      await db.query(FORGET_RESOURCE, [resource, channel, at])
    },
  }
}

async function writeAllowances(db: Queryable, id: string, allowances: readonly Allowance[]): Promise<void> {
  await db.query('DELETE FROM client_allowances WHERE client_id = $1', [id])
  if (allowances.length > 0) await db.query(INSERT_ALLOWANCES, [id, JSON.stringify(allowances)])
}

/** Returns a page of clients, oldest first. */
async function listPage(db: Queryable, { limit, cursor, origin }: ClientQuery, at: Date): Promise<Page<Client>> {
  const [createdAt, id] = cursor === undefined ? [null, null] : decodeCursor(cursor, CURSOR)
  const { rows } = await db.query<Row>(
    `${SELECT} WHERE ($2::text IS NULL OR (c.created_at, c.id) > ($2::timestamptz, $3))
       AND ($5::text IS NULL OR c.origin = $5)
     ORDER BY c.created_at, c.id LIMIT $4`,
    [at, createdAt, id, limit + 1, origin ?? null],
  )
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    items: rows.slice(0, limit).map(toClient),
    nextCursor: last ? encodeCursor([last.sort_key, last.id]) : null,
  }
}

function changeable(fields: ClientFields): unknown[] {
  return [
    fields.profile,
    JSON.stringify(fields.metadata),
    JSON.stringify(fields.openidScopes),
    fields.defaultResource ?? null,
  ]
}

function toClient(row: Row): Client {
  return {
    id: row.id,
    origin: row.origin,
    profile: row.profile,
    status: row.status,
    metadata: row.metadata,
    openidScopes: row.openid_scopes,
    allowances: row.allowances,
    defaultResource: row.default_resource ?? undefined,
    secretDigests: row.secret_digests.map((digest) => Buffer.from(digest, 'hex')),
    revokedKeys: new Map(Object.entries(row.revoked_keys)),
    publishedKeys: row.published_keys
      ? {
          keys: row.published_keys.keys,
          fetchedAt: new Date(row.published_keys.fetched_at),
          freshUntil: new Date(row.published_keys.fresh_until),
        }
      : undefined,
    ...(row.document ? { document: toDocument(row.document) } : {}),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function toDocument({ fetched_at, next_at, consent_since }: NonNullable<Row['document']>): KnownDocument {
  return {
    fetchedAt: fetched_at === null ? null : new Date(fetched_at),
    nextAt: new Date(next_at),
    consentSince: consent_since === null ? null : new Date(consent_since),
  }
}
