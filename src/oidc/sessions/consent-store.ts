/** SQL for consents: one record for each account and client, separate from the engine's grants. */
import type { Queryable } from '#database/database.ts'
import type { ScopeSelection } from '../interactions/interaction-gateway.ts'

export interface ConsentStore {
  find(accountId: string, clientId: string): Promise<ScopeSelection | undefined>
  /** Adds to what was allowed before. Of two concurrent consents, both are kept. */
  add(accountId: string, clientId: string, granted: ScopeSelection): Promise<void>
}

interface Row {
  openid_scopes: string[]
  resource_scopes: Record<string, string[]>
}

export function createConsentStore(db: Queryable): ConsentStore {
  return {
    async find(accountId, clientId) {
      const { rows } = await db.query<Row>(
        'SELECT openid_scopes, resource_scopes FROM consents WHERE account_id = $1 AND client_id = $2',
        [accountId, clientId],
      )
      return rows[0] && { openidScopes: rows[0].openid_scopes, resourceScopes: rows[0].resource_scopes }
    },
    async add(accountId, clientId, granted) {
      await db.query(ADD, [accountId, clientId, granted.openidScopes, JSON.stringify(granted.resourceScopes)])
    },
  }
}

const ADD = `
  INSERT INTO consents AS c (account_id, client_id, openid_scopes, resource_scopes) VALUES ($1, $2, $3, $4)
  ON CONFLICT (account_id, client_id) DO UPDATE SET
    openid_scopes = ARRAY(SELECT DISTINCT s FROM unnest(c.openid_scopes || excluded.openid_scopes) AS s ORDER BY s),
    resource_scopes = (
      SELECT coalesce(jsonb_object_agg(resource, scopes), '{}') FROM (
        SELECT resource, jsonb_agg(DISTINCT scope ORDER BY scope) AS scopes
        FROM (SELECT * FROM jsonb_each(c.resource_scopes) UNION ALL SELECT * FROM jsonb_each(excluded.resource_scopes))
          AS both_sides (resource, list), jsonb_array_elements_text(list) AS scope
        GROUP BY resource
      ) AS merged
    ),
    granted_at = now()`
