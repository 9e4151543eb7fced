/**
 * SQL that ends sessions and grants. An ended session stays as a tombstone. Ending a grant is one DELETE: the foreign
 * key deletes its codes and tokens, and a trigger records its status index for as long as an access token can live.
 */
import type { Queryable } from '#database/database.ts'
import type { ModelName } from '../adapter/models.ts'

export type SessionSelection =
  | { readonly uid: string }
  | { readonly accountId: string }
  | { readonly accountId: string; readonly uid: string }
  | { readonly accountId: string; readonly keptUid: string }

export type GrantSelection =
  | { readonly ids: readonly string[] }
  /** The grant of a code or token. */
  | { readonly kind: ModelName; readonly artefact: Buffer }
  | { readonly accountId: string }
  | { readonly clientId: string }
  | { readonly accountId: string; readonly clientId: string }
  /** All grants of the account except those of this session. */
  | { readonly accountId: string; readonly keptUid: string }

interface Authorization {
  readonly sid?: string
  readonly grantId?: string
  readonly persistsLogout?: boolean
}

interface SessionRow {
  uid: string
  account_id: string | null
  /** By client id. */
  authorizations: Record<string, Authorization>
  /** False when it had already expired. */
  was_alive: boolean
}

interface GrantRow {
  id: string
  account_id: string | null
  client_id: string | null
}

const OF_KEPT_SESSION = `SELECT FROM sessions AS kept, jsonb_each(kept.authorizations) AS one
  WHERE kept.uid = $2 AND kept.account_id = $1 AND one.value ->> 'grantId' = grants.id`

/** Statements on a transaction. */
export function createEndingStore(trx: Queryable) {
  return {
    /** Ends the selected sessions and returns them. Their stored state may be newer than what the caller has read. */
    async endSessions(selection: SessionSelection): Promise<SessionRow[]> {
      const [condition, values] = sessionsWhere(selection)
      const { rows } = await trx.query<SessionRow>(
        `UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL AND ${condition}
         RETURNING uid, account_id, authorizations, expires_at > now() AS was_alive`,
        values,
      )
      return rows
    },
    /** Ends the selected grants and returns them. */
    async endGrants(selection: GrantSelection): Promise<GrantRow[]> {
      const [condition, values] = grantsWhere(selection)
      const { rows } = await trx.query<GrantRow>(
        `DELETE FROM grants WHERE ${condition} RETURNING id, account_id, client_id`,
        values,
      )
      return rows
    },
  }
}

function sessionsWhere(selection: SessionSelection): [condition: string, values: unknown[]] {
  if ('keptUid' in selection) return ['account_id = $1 AND uid <> $2', [selection.accountId, selection.keptUid]]
  if (!('accountId' in selection)) return ['uid = $1', [selection.uid]]
  if ('uid' in selection) return ['account_id = $1 AND uid = $2', [selection.accountId, selection.uid]]
  return ['account_id = $1', [selection.accountId]]
}

function grantsWhere(selection: GrantSelection): [condition: string, values: unknown[]] {
  if ('ids' in selection) return ['id = ANY($1::text[])', [selection.ids]]
  if ('artefact' in selection) {
    const grantOf = 'id = (SELECT grant_id FROM artefacts WHERE kind = $1 AND id = $2)'
    return [grantOf, [selection.kind, selection.artefact]]
  }
  if ('keptUid' in selection) {
    return [`account_id = $1 AND NOT EXISTS (${OF_KEPT_SESSION})`, [selection.accountId, selection.keptUid]]
  }
  if (!('accountId' in selection)) return ['client_id = $1', [selection.clientId]]
  if ('clientId' in selection) return ['account_id = $1 AND client_id = $2', [selection.accountId, selection.clientId]]
  return ['account_id = $1', [selection.accountId]]
}
