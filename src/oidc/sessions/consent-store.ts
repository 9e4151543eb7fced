/** SQL for consents: one record for each account and client, separate from the engine's grants. */
import type { Queryable } from '#database/database.ts'
import type { ScopeSelection } from '../interactions/interaction-gateway.ts'

export interface ConsentStore {
  /** Returns what was allowed; with `since`, only if that was not before. */
  find(accountId: string, clientId: string, since?: Date): Promise<ScopeSelection | undefined>
  /**
   * Adds to what was allowed before. Of two concurrent consents, both are kept. For a client document, `since` is when it
   * became the app that the person saw: replaces what was allowed before that, and returns false when it has become
   * another app meanwhile.
   */
  add(accountId: string, clientId: string, granted: ScopeSelection, since?: Date): Promise<boolean>
}

interface Row {
  openid_scopes: string[]
  resource_scopes: Record<string, string[]>
}

export function createConsentStore(db: Queryable): ConsentStore {
  return {
    async find(accountId, clientId, since) {
      const { rows } = await db.query<Row>(
        `SELECT openid_scopes, resource_scopes FROM consents
         WHERE account_id = $1 AND client_id = $2 AND ($3::timestamptz IS NULL OR granted_at >= $3)`,
        [accountId, clientId, since ?? null],
      )
      return rows[0] && { openidScopes: rows[0].openid_scopes, resourceScopes: rows[0].resource_scopes }
    },
    async add(accountId, clientId, granted, since) {
      const { openidScopes, resourceScopes } = granted
      const values = [accountId, clientId, openidScopes, JSON.stringify(resourceScopes), since ?? null]
      return (await db.query(ADD, values)).rowCount === 1
    },
  }
}

/** The lock waits for a change of the document that is under way. */
const ADD = `
  WITH document AS (SELECT consent_since FROM client_documents WHERE id = $2 FOR SHARE)
  INSERT INTO consents AS c (account_id, client_id, openid_scopes, resource_scopes)
  SELECT $1, $2, $3::text[], $4::jsonb WHERE NOT EXISTS (
    SELECT FROM document WHERE date_trunc('milliseconds', consent_since) IS DISTINCT FROM $5::timestamptz)
  ON CONFLICT (account_id, client_id) DO UPDATE SET
    openid_scopes = CASE WHEN c.granted_at < $5 THEN excluded.openid_scopes
      ELSE ARRAY(SELECT DISTINCT s FROM unnest(c.openid_scopes || excluded.openid_scopes) AS s ORDER BY s) END,
    resource_scopes = CASE WHEN c.granted_at < $5 THEN excluded.resource_scopes ELSE (
      SELECT coalesce(jsonb_object_agg(resource, scopes), '{}') FROM (
        SELECT resource, jsonb_agg(DISTINCT scope ORDER BY scope) AS scopes
        FROM (SELECT * FROM jsonb_each(c.resource_scopes) UNION ALL SELECT * FROM jsonb_each(excluded.resource_scopes))
          AS both_sides (resource, list), jsonb_array_elements_text(list) AS scope
        GROUP BY resource
      ) AS merged
    ) END,
    granted_at = now()`
