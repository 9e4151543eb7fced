/** SQL for what a person has open: browser sessions and consents, listed and ended from outside a browser. */
import type { Queryable } from '#database/database.ts'
import { endSessionWhere } from './session-store.ts'

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
}

const SESSIONS = `
  SELECT uid, created_at, signed_in_at, expires_at, last_used_at, seen_from,
    ARRAY(SELECT jsonb_object_keys(authorizations) ORDER BY 1) AS client_ids
  FROM sessions WHERE account_id = $1 AND ended_at IS NULL AND expires_at > now()
  ORDER BY created_at DESC, uid`

const END_SESSION = endSessionWhere('uid = $2 AND account_id = $1 AND ended_at IS NULL AND expires_at > now()')

/** Grants that outlive a logout go too, and those of sessions that are over: all but the kept session's own. */
const END_OTHERS = `
  WITH ended AS (
    UPDATE sessions SET ended_at = now()
    WHERE account_id = $1 AND uid <> $2 AND ended_at IS NULL AND expires_at > now() RETURNING uid
  ), gone AS (
    DELETE FROM grants WHERE account_id = $1 AND NOT EXISTS (
      SELECT FROM sessions AS kept, jsonb_each(kept.authorizations) AS one
      WHERE kept.uid = $2 AND kept.account_id = $1 AND one.value ->> 'grantId' = grants.id)
  )
  SELECT uid FROM ended`

/** The record, and the grants made from it: codes and tokens go with them by their foreign key. */
const WITHDRAW = `
  WITH withdrawn AS (
    DELETE FROM consents WHERE account_id = $1 AND client_id = $2 RETURNING 1
  ), gone AS (
    DELETE FROM grants WHERE account_id = $1 AND client_id = $2 AND EXISTS (SELECT FROM withdrawn)
  )
  SELECT 1 FROM withdrawn`

export function createAccountAccessStore(db: Queryable) {
  return {
    /** Every session and grant of an account; those that come in the same moment are refused for the account. */
    async endAll(accountSub: string): Promise<void> {
      await db.query('UPDATE sessions SET ended_at = now() WHERE account_id = $1 AND ended_at IS NULL', [accountSub])
      await db.query('DELETE FROM grants WHERE account_id = $1', [accountSub])
    },
    async forgetConsents(accountSub: string): Promise<void> {
      await db.query('DELETE FROM consents WHERE account_id = $1', [accountSub])
    },
    async forgetClient(clientId: string): Promise<void> {
      await db.query('DELETE FROM consents WHERE client_id = $1', [clientId])
      await db.query('DELETE FROM grants WHERE client_id = $1', [clientId])
    },
    async listSessions(accountSub: string): Promise<SessionRow[]> {
      return (await db.query<SessionRow>(SESSIONS, [accountSub])).rows
    },
    /** True when this call ended it. */
    async endSession(accountSub: string, uid: string): Promise<boolean> {
      return (await db.query(END_SESSION, [accountSub, uid])).rowCount === 1
    },
    /** The uids of the sessions that this call ended. */
    async endOthers(accountSub: string, keptUid: string): Promise<string[]> {
      return (await db.query<{ uid: string }>(END_OTHERS, [accountSub, keptUid])).rows.map(({ uid }) => uid)
    },
    async listConsents(accountSub: string): Promise<ConsentRow[]> {
      const { rows } = await db.query<ConsentRow>(
        `SELECT client_id, openid_scopes, resource_scopes, granted_at FROM consents
         WHERE account_id = $1 ORDER BY granted_at DESC, client_id`,
        [accountSub],
      )
      return rows
    },
    /** True when this call withdrew it. */
    async withdrawConsent(accountSub: string, clientId: string): Promise<boolean> {
      return (await db.query(WITHDRAW, [accountSub, clientId])).rowCount === 1
    },
  }
}
