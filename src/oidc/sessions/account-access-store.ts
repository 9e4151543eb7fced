/** SQL that lists the sessions and consents of an account and removes consents. */
import type { Queryable } from '#database/database.ts'
import type { AuthorizationDetail } from '#resources/authorization-details.ts'

interface SessionRow {
  uid: string
  created_at: Date
  signed_in_at: Date | null
  expires_at: Date
  last_used_at: Date | null
  seen_from: Buffer | null
  client_ids: string[]
}

interface ConsentRow {
  client_id: string
  openid_scopes: string[]
  resource_scopes: Record<string, string[]>
  granted_at: Date
  authorization_details: AuthorizationDetail[]
}

const SESSIONS = `
  SELECT uid, created_at, signed_in_at, expires_at, last_used_at, seen_from,
    ARRAY(SELECT jsonb_object_keys(authorizations) ORDER BY 1) AS client_ids
  FROM sessions WHERE account_id = $1 AND ended_at IS NULL AND expires_at > now()
  ORDER BY created_at DESC, uid`

/** The authorization details of a consent are those of tokens that can still be used: they are asked for each time. */
const CONSENTS = `
  SELECT client_id, openid_scopes, resource_scopes, granted_at, (
      SELECT coalesce(jsonb_agg(DISTINCT detail), '[]')
      FROM grants AS g JOIN artefacts AS a ON a.grant_id = g.id, jsonb_array_elements(a.payload -> 'rar') AS detail
      WHERE g.account_id = c.account_id AND g.client_id = c.client_id AND a.kind IN ('RefreshToken', 'AccessToken')
        AND a.consumed_at IS NULL AND a.expires_at > now()
    ) AS authorization_details
  FROM consents AS c WHERE account_id = $1 ORDER BY granted_at DESC, client_id`

export function createAccountAccessStore(db: Queryable) {
  return {
    async clientsWithGrant(accountId: string): Promise<Set<string>> {
      const text = 'SELECT DISTINCT client_id AS id FROM grants WHERE account_id = $1 AND client_id IS NOT NULL'
      const { rows } = await db.query<{ id: string }>(text, [accountId])
      return new Set(rows.map(({ id }) => id))
    },
    async forgetConsents(accountId: string): Promise<void> {
      await db.query('DELETE FROM consents WHERE account_id = $1', [accountId])
    },
    async forgetConsentsFor(clientId: string): Promise<void> {
      await db.query('DELETE FROM consents WHERE client_id = $1', [clientId])
    },
    async listSessions(accountId: string): Promise<SessionRow[]> {
      return (await db.query<SessionRow>(SESSIONS, [accountId])).rows
    },
    async listConsents(accountId: string): Promise<ConsentRow[]> {
      const { rows } = await db.query<ConsentRow>(CONSENTS, [accountId])
      return rows
    },
    /** Returns whether this call withdrew it. */
    async withdrawConsent(accountId: string, clientId: string): Promise<boolean> {
      const { rowCount } = await db.query('DELETE FROM consents WHERE account_id = $1 AND client_id = $2', [
        accountId,
        clientId,
      ])
      return rowCount === 1
    },
  }
}
