/** Ends browser sessions. All code that ends a session goes through this file. */
import type { Queryable } from '#database/database.ts'
import { createEndingStore, type SessionSelection } from './ending-store.ts'
import type { EndGrants } from './grants.ts'
import type { SessionEndReason } from './reasons.ts'

export interface EndedSession {
  readonly uid: string
  /** Undefined when nobody had signed in. */
  readonly accountId: string | undefined
  readonly reason: SessionEndReason
  /** The clients used in this session, with the `sid` of their ID tokens (OpenID Connect Front-Channel Logout §3). */
  readonly clients: readonly { readonly clientId: string; readonly sid: string | undefined }[]
}

/** Called in the transaction that ends the sessions, with at least one. An error rolls the transaction back. */
export type SessionSubscriber = (trx: Queryable, ended: readonly EndedSession[]) => Promise<void>

export type EndSessions = ReturnType<typeof createSessionEnding>

export function createSessionEnding(endGrants: EndGrants, subscribers: readonly SessionSubscriber[]) {
  /**
   * Ends the selected sessions and their grants, except grants that outlive a logout. Returns the sessions that this
   * call ended, without those that had already expired.
   */
  return async (
    trx: Queryable,
    selection: SessionSelection,
    reason: SessionEndReason,
  ): Promise<readonly EndedSession[]> => {
    const rows = await createEndingStore(trx).endSessions(selection)
    const ids = rows
      .flatMap(({ authorizations }) => Object.values(authorizations))
      .flatMap(({ grantId, persistsLogout }) => (grantId === undefined || persistsLogout ? [] : [grantId]))
    if (ids.length > 0) await endGrants(trx, { ids }, reason)
    const ended = rows
      .filter((row) => row.was_alive)
      .map(({ uid, account_id: accountId, authorizations }) => ({
        uid,
        accountId: accountId ?? undefined,
        reason,
        clients: Object.entries(authorizations).map(([clientId, { sid }]) => ({ clientId, sid })),
      }))
    if (ended.length > 0) for (const subscriber of subscribers) await subscriber(trx, ended)
    return ended
  }
}
