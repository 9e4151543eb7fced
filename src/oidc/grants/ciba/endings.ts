/** Ends backchannel authentication requests when their person or their client can no longer have any. */
import type { Queryable } from '#database/database.ts'
import { createApprovalStore } from './approval-store.ts'
import { queuePings } from './ping-notice.ts'

/** Refuses what waits for an account. Call before its grants end: a decision under way has committed, or finds this one. */
export async function refuseRequestsOf(trx: Queryable, accountId: string): Promise<void> {
  const refused = await createApprovalStore(trx).refuseAll(accountId)
  await queuePings(
    trx,
    refused.map((one) => ({ ...one, accountId })),
  )
}

/** Removes the requests of a client, whatever became of them. */
export async function removeRequestsOf(trx: Queryable, clientId: string): Promise<void> {
  await createApprovalStore(trx).removeOf(clientId)
}
