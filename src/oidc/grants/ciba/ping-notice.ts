/** Queues the notification of a decision (CIBA Core 1.0 §10.2) in its transaction. See ping-delivery.ts. */
import { pingedClients } from '#clients/ping-store.ts'
import type { Queryable } from '#database/database.ts'
import { addToOutbox } from '#outbox/outbox-store.ts'

/** The name of the outbox task. */
export const PING_TASK = 'ciba-ping'

/** About half an hour, with increasing delays; a request rarely lives longer. */
const MAX_ATTEMPTS = 8
/** Mails go first: a person waits for them. Logouts follow. */
const PRIORITY = 5

/** What the outbox keeps. It contains no secret: what the app gets is read from the request. */
export interface PingNotice {
  readonly clientId: string
  readonly accountId: string
  /** The id of the request's row, hexadecimal. */
  readonly request: string
}

/** Queues one notification for each of the requests whose client has registered for it. */
export async function queuePings(
  trx: Queryable,
  decided: readonly { readonly id: Buffer; readonly clientId: string; readonly accountId: string }[],
): Promise<void> {
  if (decided.length === 0) return
  const clients = await pingedClients(trx, [...new Set(decided.map(({ clientId }) => clientId))])
  for (const { id, clientId, accountId } of decided) {
    if (!clients.has(clientId)) continue
    const request = id.toString('hex')
    await addToOutbox(trx, {
      task: PING_TASK,
      payload: { clientId, accountId, request } satisfies PingNotice,
      maxAttempts: MAX_ATTEMPTS,
      key: `${PING_TASK}:${request}`,
      priority: PRIORITY,
    })
  }
}
