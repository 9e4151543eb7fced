/** The SQL of the table `resources`. */
import type { Queryable } from '#database/database.ts'
import { decodeCursor, encodeCursor } from '#shared/cursor.ts'
import type { Resource, Scope } from './resource.ts'
import type { ResourceFields } from './validation.ts'

interface Row {
  identifier: string
  name: string
  scopes: { name: string; description?: string }[]
  open_scopes: string[]
  access_token_format: Resource['accessTokenFormat']
  access_token_typ: Resource['accessTokenTyp']
  signing_alg: Resource['signingAlg']
  authorization_details_types: Resource['detailsTypes']
  access_token_ttl_seconds: number | null
  version: number
  created_at: Date
  updated_at: Date
}

const COLUMNS = `identifier, name, scopes, to_jsonb(open_scopes) AS open_scopes, access_token_format, access_token_typ, signing_alg,
  authorization_details_types, access_token_ttl_seconds, version, created_at, updated_at`

const ALL_DETAILS_TYPES = `
  SELECT DISTINCT details->>'type' AS type
  FROM resources, jsonb_array_elements(authorization_details_types) AS details ORDER BY type`

const UPDATE = `
  UPDATE resources SET name = $2, scopes = $3, access_token_format = $4, access_token_typ = $5, signing_alg = $6,
    authorization_details_types = $7, access_token_ttl_seconds = $8,
    open_scopes = ARRAY(SELECT jsonb_array_elements_text($9::jsonb)), version = version + 1, updated_at = $10
  WHERE identifier = $1 AND version = $11 RETURNING ${COLUMNS}`

/** Creates the store over `db`: the pool or a transaction. */
export function createResourceStore(db: Queryable) {
  return {
    /** Inserts a resource. Returns undefined when the identifier, or another spelling of it, is taken. */
    async insert(fields: ResourceFields, canonical: string, at: Date): Promise<Resource | undefined> {
      const { rows } = await db.query<Row>(
        `INSERT INTO resources (identifier, canonical, name, scopes, access_token_format, access_token_typ,
           signing_alg, authorization_details_types, access_token_ttl_seconds, open_scopes, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, ARRAY(SELECT jsonb_array_elements_text($10::jsonb)), $11, $11)
         ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
        [fields.identifier, canonical, ...changeable(fields), at],
      )
      return rows[0] && toResource(rows[0])
    },

    async read(identifier: string): Promise<Resource | undefined> {
      const { rows } = await db.query<Row>(`SELECT ${COLUMNS} FROM resources WHERE identifier = $1`, [identifier])
      return rows[0] && toResource(rows[0])
    },

    async readCanonical(canonical: string): Promise<Resource | undefined> {
      const { rows } = await db.query<Row>(`SELECT ${COLUMNS} FROM resources WHERE canonical = $1`, [canonical])
      return rows[0] && toResource(rows[0])
    },

    async allDetailsTypes(): Promise<string[]> {
      const { rows } = await db.query<{ type: string }>(ALL_DETAILS_TYPES)
      return rows.map(({ type }) => type)
    },

    async list(limit: number, cursor: string | undefined) {
      const after = cursor === undefined ? null : decodeCursor(cursor, [/^[\x21-\x7E]{1,512}$/])[0]
      const { rows } = await db.query<Row>(
        `SELECT ${COLUMNS} FROM resources WHERE $1::text IS NULL OR identifier > $1 ORDER BY identifier LIMIT $2`,
        [after, limit + 1],
      )
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return { items: rows.slice(0, limit).map(toResource), nextCursor: last ? encodeCursor([last.identifier]) : null }
    },

    /** Returns the identifiers of resources with open scopes. */
    open: (limit: number) => listOpen(db, limit),

    /** Undefined when the resource is gone or no longer of `version`. */
    async update(fields: ResourceFields, version: number, at: Date): Promise<Resource | undefined> {
      const { rows } = await db.query<Row>(UPDATE, [fields.identifier, ...changeable(fields), at, version])
      return rows[0] && toResource(rows[0])
    },

    /** False when the resource is gone or no longer of `version`. */
    async remove(identifier: string, version: number): Promise<boolean> {
      const { rowCount } = await db.query('DELETE FROM resources WHERE identifier = $1 AND version = $2', [
        identifier,
        version,
      ])
      return rowCount === 1
    },
  }
}

async function listOpen(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ identifier: string }>(
    `SELECT identifier FROM resources WHERE open_scopes <> '{}' ORDER BY identifier LIMIT $1`,
    [limit],
  )
  return rows.map(({ identifier }) => identifier)
}

function changeable(fields: ResourceFields): unknown[] {
  return [
    fields.name,
    JSON.stringify(fields.scopes),
    fields.accessTokenFormat,
    fields.accessTokenTyp,
    fields.signingAlg,
    JSON.stringify(fields.detailsTypes),
    fields.accessTokenTtlSeconds ?? null,
    JSON.stringify(fields.openScopes),
  ]
}

function toResource(row: Row): Resource {
  return {
    identifier: row.identifier,
    name: row.name,
    scopes: row.scopes.map(({ name, description }): Scope => ({ name, description })),
    openScopes: row.open_scopes,
    accessTokenFormat: row.access_token_format,
    accessTokenTyp: row.access_token_typ,
    signingAlg: row.signing_alg,
    detailsTypes: row.authorization_details_types,
    accessTokenTtlSeconds: row.access_token_ttl_seconds ?? undefined,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
