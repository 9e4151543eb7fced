/** Ends grants. All code that ends a grant goes through this file. */
import type { Queryable } from '#database/database.ts'
import { createEndingStore, type GrantSelection } from './ending-store.ts'
import type { GrantEndReason } from './reasons.ts'

export interface EndedGrant {
  readonly id: string
  readonly accountId: string | undefined
  readonly clientId: string | undefined
  readonly reason: GrantEndReason
}

/** Called in the transaction that ends the grants, with at least one. An error rolls the transaction back. */
export type GrantSubscriber = (trx: Queryable, ended: readonly EndedGrant[]) => Promise<void>

export type EndGrants = ReturnType<typeof createGrantEnding>

export function createGrantEnding(subscribers: readonly GrantSubscriber[]) {
  /** Ends the selected grants, with their codes and tokens. Returns the grants that this call ended. */
  return async (trx: Queryable, selection: GrantSelection, reason: GrantEndReason): Promise<readonly EndedGrant[]> => {
    const rows = await createEndingStore(trx).endGrants(selection)
    const ended = rows.map((row) => ({
      id: row.id,
      accountId: row.account_id ?? undefined,
      clientId: row.client_id ?? undefined,
      reason,
    }))
    if (ended.length > 0) for (const subscriber of subscribers) await subscriber(trx, ended)
    return ended
  }
}
