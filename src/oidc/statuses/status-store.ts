/** SQL for the status of access tokens that have no row, through their grant, their client, or their own id. */
import { auditInsertSelect, auditRecordset } from '#audit/audit-store.ts'
import type { AuditEvent } from '#audit/audit.ts'
import { sha256 } from '#shared/ids.ts'
import type { Queryable } from '#database/database.ts'

export interface GrantStatus {
  readonly grantId: string
  readonly accountId: string | null
  readonly clientId: string | null
}

export interface StatusStore {
  /** Returns the status index of a client's machine tokens. The first call assigns it. */
  clientIndex(clientId: string): Promise<string>
  /** Returns the grant with the status index; undefined when it has ended. */
  grantAt(statusIndex: string): Promise<GrantStatus | undefined>
  /** Returns whether the token itself was revoked, or its status index was assigned before a restore. */
  hasEnded(jti: string, statusIndex: string): Promise<boolean>
  /** Marks one token as revoked until it expires. Records the events only on the first call for a token. */
  revoke(jti: string, expiresAt: Date, events: readonly AuditEvent[]): Promise<void>
  /** Returns the first status index whose tokens may be valid, and the last assigned; undefined when none was. */
  bounds(): Promise<{ first: number; last: number | undefined }>
  /** Returns the status indexes from `from` to before `to` whose tokens are no longer valid. */
  invalid(from: number, to: number): Promise<number[]>
}

const CLIENT_INDEX = `
  INSERT INTO client_statuses (client_id) VALUES ($1)
  ON CONFLICT (client_id) DO UPDATE SET client_id = excluded.client_id RETURNING status_index`

/** Ended grants, clients that are disabled or deleted, and grants whose client or account is disabled or deleted. */
const INVALID = `
  SELECT status_index FROM ended_statuses WHERE status_index >= $1 AND status_index < $2
  UNION SELECT s.status_index FROM client_statuses s LEFT JOIN clients c ON c.id = s.client_id
    WHERE s.status_index >= $1 AND s.status_index < $2 AND c.status IS DISTINCT FROM 'enabled'
  UNION SELECT g.status_index FROM grants g
    LEFT JOIN clients c ON c.id = g.client_id LEFT JOIN accounts a ON a.sub = g.account_id
    WHERE g.status_index >= $1 AND g.status_index < $2
      AND (c.status IS DISTINCT FROM 'enabled' OR a.status IS DISTINCT FROM 'enabled')`

const REVOKE = `
  WITH revoked AS (
    INSERT INTO revoked_tokens (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1
  )
  ${auditInsertSelect('$3', { from: 'revoked' })}`

export function createStatusStore(db: Queryable): StatusStore {
  return {
    async clientIndex(clientId) {
      const { rows } = await db.query<{ status_index: string }>(CLIENT_INDEX, [clientId])
      return rows[0]?.status_index as string
    },
    async grantAt(statusIndex) {
      const { rows } = await db.query<{ id: string; account_id: string | null; client_id: string | null }>(
        'SELECT id, account_id, client_id FROM grants WHERE status_index = $1',
        [statusIndex],
      )
      return rows[0] && { grantId: rows[0].id, accountId: rows[0].account_id, clientId: rows[0].client_id }
    },
    async hasEnded(jti, statusIndex) {
      const { rowCount } = await db.query(
        `SELECT 1 FROM revoked_tokens WHERE id = $1
         UNION ALL SELECT 1 FROM restore_epoch WHERE first_status_index > $2`,
        [sha256(jti), statusIndex],
      )
      return rowCount > 0
    },
    async revoke(jti, expiresAt, events) {
      await db.query(REVOKE, [sha256(jti), expiresAt, auditRecordset(events)])
    },
    async bounds() {
      const { rows } = await db.query<{ first: string; last: string | null }>(
        `SELECT first_status_index AS first, CASE WHEN is_called THEN last_value END AS last
         FROM restore_epoch, status_indexes`,
      )
      const { first = '0', last = null } = rows[0] ?? {}
      return { first: Number(first), last: last === null ? undefined : Number(last) }
    },
    async invalid(from, to) {
      const { rows } = await db.query<{ status_index: string }>(INVALID, [from, to])
      return rows.map(({ status_index: index }) => Number(index))
    },
  }
}
