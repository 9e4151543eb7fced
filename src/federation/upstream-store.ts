/** The SQL of the tables `upstreams` and `upstream_domains`. */
import type { JWK } from 'jose'
import type { Queryable } from '#database/database.ts'
import type { ResponseMode, Upstream, UpstreamAuthMethod } from './upstream.ts'
import type { UpstreamFields } from './validation.ts'

interface Row {
  id: string
  name: string
  preset: string | null
  preset_values: Record<string, string>
  issuer: string
  client_id: string
  auth_method: UpstreamAuthMethod
  public_jwk: JWK | null
  scopes: string[]
  claims: Record<string, string>
  domains: string[]
  trust_email: boolean
  response_mode: ResponseMode
  own_redirect: boolean
  just_in_time: boolean
  logout: boolean
  enabled: boolean
  version: number
  created_at: Date
  updated_at: Date
}

/** The stored credential with which we authenticate at a provider. */
export interface StoredCredential {
  readonly sealed: Buffer
  readonly publicJwk: JWK | undefined
}

const COLUMNS = `id, name, preset, preset_values, issuer, client_id, auth_method, public_jwk, scopes, claims, trust_email,
  response_mode, own_redirect, just_in_time, logout, enabled, version, created_at, updated_at`
const DOMAINS = `ARRAY(SELECT domain FROM upstream_domains d WHERE d.upstream = u.id ORDER BY domain) AS domains`

export function createUpstreamStore(db: Queryable) {
  async function select(rest: string, values: readonly unknown[] = []): Promise<Upstream[]> {
    const { rows } = await db.query<Row>(`SELECT ${COLUMNS}, ${DOMAINS} FROM upstreams u ${rest}`, values)
    return rows.map(toUpstream)
  }

  return {
    read: async (id: string) => (await select('WHERE id = $1', [id]))[0],
    list: () => select('ORDER BY id'),

    /** False when the id is taken. */
    async insert(fields: UpstreamFields, { sealed, publicJwk }: StoredCredential, at: Date): Promise<boolean> {
      const { rowCount } = await db.query(
        `INSERT INTO upstreams (id, preset, issuer, credential, public_jwk, name, preset_values, client_id, auth_method,
           scopes, claims, trust_email, response_mode, own_redirect, just_in_time, logout, enabled, created_at,
           updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)
         ON CONFLICT DO NOTHING`,
        [fields.id, fields.preset ?? null, fields.issuer, sealed, jsonOf(publicJwk), ...changeable(fields), at],
      )
      return rowCount === 1
    },

    /**
     * Updates a provider. An undefined `credential` keeps the old one. False when the provider is gone or its version
     * is no longer `version`.
     */
    async update(
      fields: UpstreamFields,
      version: number,
      credential: StoredCredential | undefined,
      at: Date,
    ): Promise<boolean> {
      const { rowCount } = await db.query(
        `UPDATE upstreams SET credential = coalesce($3, credential),
           public_jwk = CASE WHEN $3::bytea IS NULL THEN public_jwk ELSE $4 END, name = $5, preset_values = $6,
           client_id = $7, auth_method = $8, scopes = $9, claims = $10, trust_email = $11, response_mode = $12,
           own_redirect = $13, just_in_time = $14, logout = $15, enabled = $16, version = version + 1,
           updated_at = $17
         WHERE id = $1 AND version = $2`,
        [fields.id, version, credential?.sealed ?? null, jsonOf(credential?.publicJwk), ...changeable(fields), at],
      )
      return rowCount === 1
    },

    setDomains: (id: string, domains: readonly string[]) => setDomains(db, id, domains),

    /** False when the provider is gone or its version is no longer `version`. */
    async remove(id: string, version: number): Promise<boolean> {
      const { rowCount } = await db.query('DELETE FROM upstreams WHERE id = $1 AND version = $2', [id, version])
      return rowCount === 1
    },

    async credential(id: string): Promise<Buffer | undefined> {
      const { rows } = await db.query<{ credential: Buffer }>('SELECT credential FROM upstreams WHERE id = $1', [id])
      return rows[0]?.credential
    },
  }
}

/** Replaces the domains of a provider. Returns a domain that another provider has, if there is one. */
async function setDomains(db: Queryable, id: string, domains: readonly string[]): Promise<string | undefined> {
  await db.query('DELETE FROM upstream_domains WHERE upstream = $1', [id])
  const { rows } = await db.query<{ domain: string }>(
    `INSERT INTO upstream_domains (domain, upstream) SELECT unnest($2::text[]), $1
     ON CONFLICT DO NOTHING RETURNING domain`,
    [id, domains],
  )
  const taken = new Set(rows.map(({ domain }) => domain))
  return domains.find((domain) => !taken.has(domain))
}

function changeable(fields: UpstreamFields): unknown[] {
  const { trustEmail, responseMode, ownRedirect, justInTime, logout, enabled } = fields
  const { name, presetValues, clientId, authMethod, scopes, claims } = fields
  const first = [name, jsonOf(presetValues), clientId, authMethod, scopes, jsonOf(claims)]
  return [...first, trustEmail, responseMode, ownRedirect, justInTime, logout, enabled]
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

function toUpstream(row: Row): Upstream {
  return {
    id: row.id,
    name: row.name,
    preset: row.preset ?? undefined,
    presetValues: row.preset_values,
    issuer: row.issuer,
    clientId: row.client_id,
    authMethod: row.auth_method,
    publicJwk: row.public_jwk ?? undefined,
    scopes: row.scopes,
    claims: row.claims,
    domains: row.domains,
    trustEmail: row.trust_email,
    responseMode: row.response_mode,
    ownRedirect: row.own_redirect,
    justInTime: row.just_in_time,
    logout: row.logout,
    enabled: row.enabled,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
