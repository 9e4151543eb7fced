/** The one way in which browser sessions end, whatever the reason. */
import type { Queryable } from '#database/database.ts'
import { createEndingStore, type SessionSelection } from './ending-store.ts'
import type { EndGrants } from './grants.ts'
import type { SessionEndReason } from './reasons.ts'

export interface EndedSession {
  readonly uid: string
  /** Undefined where nobody had signed in. */
  readonly accountId: string | undefined
  readonly reason: SessionEndReason
  /** The clients that were signed in to by it, with the `sid` of their ID tokens (OpenID Connect Front-Channel Logout §3). */
  readonly clients: readonly { readonly clientId: string; readonly sid: string | undefined }[]
}

/** Called in the transaction that ends the sessions, with at least one. What it throws undoes the ending. */
export type SessionSubscriber = (trx: Queryable, ended: readonly EndedSession[]) => Promise<void>

export type EndSessions = ReturnType<typeof createSessionEnding>

export function createSessionEnding(endGrants: EndGrants, subscribers: readonly SessionSubscriber[]) {
  /**
   * Ends the sessions selected for good, and their grants but for those that outlive a logout. Returns the sessions
   * that this call ended; one that had expired is not among them.
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
