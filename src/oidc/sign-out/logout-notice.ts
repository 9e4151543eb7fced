/**
 * Queues logout tokens (OpenID Connect Back-Channel Logout 1.0) in the transaction that ends a session. The outbox
 * delivers them; see logout-delivery.ts.
 */
import { backChannelClients } from '#clients/logout-store.ts'
import type { Queryable } from '#database/database.ts'
import { addToOutbox } from '#outbox/outbox-store.ts'
import { randomName, sha256 } from '#shared/ids.ts'
import type { EndedSession } from '../endings/sessions.ts'

/** The name of the outbox task. */
export const LOGOUT_TASK = 'backchannel-logout'

/** About sixteen hours, with increasing delays. */
const MAX_ATTEMPTS = 12
/** Mails go first: a person waits for them. */
const PRIORITY = 10

/** What the outbox keeps until an app has been told. It contains no secret. */
export interface LogoutNotice {
  readonly clientId: string
  readonly accountId: string
  /** Undefined when every session of the person at the client is meant. */
  readonly session: { readonly uid: string; readonly sid: string } | undefined
  /** The same in each attempt, so that the client recognizes a repetition. */
  readonly jti: string
}

type Told = Pick<LogoutNotice, 'clientId' | 'accountId' | 'session'>

/** Queues one logout token for each ended session and client. A subscriber of `createEndings`. */
export async function queueSessionLogouts(trx: Queryable, ended: readonly EndedSession[]): Promise<void> {
  const told = ended.flatMap(({ uid, accountId, clients }) =>
    clients.flatMap(({ clientId, sid }): Told[] =>
      accountId === undefined || sid === undefined ? [] : [{ clientId, accountId, session: { uid, sid } }],
    ),
  )
  await queue(trx, told)
}

/** Queues a logout token for all sessions of a person at each of the clients (§2.4: `sub` without `sid`). */
export async function queueSubjectLogouts(
  trx: Queryable,
  accountId: string,
  clientIds: ReadonlySet<string>,
): Promise<void> {
  await queue(
    trx,
    [...clientIds].map((clientId) => ({ clientId, accountId, session: undefined })),
  )
}

async function queue(trx: Queryable, all: readonly Told[]): Promise<void> {
  if (all.length === 0) return
  const clients = await backChannelClients(trx, [...new Set(all.map(({ clientId }) => clientId))])
  const entries = all
    .filter(({ clientId }) => clients.has(clientId))
    .map((told) => ({
      task: LOGOUT_TASK,
      payload: { ...told, jti: randomName() } satisfies LogoutNotice,
      maxAttempts: MAX_ATTEMPTS,
      key: keyOf(told),
      priority: PRIORITY,
    }))
  if (entries.length > 0) await addToOutbox(trx, ...entries)
}

/** The same for each attempt to end the same session, or all sessions of the same person. */
function keyOf({ clientId, accountId, session }: Told): string {
  return `${LOGOUT_TASK}:${sha256(JSON.stringify([clientId, accountId, session?.uid ?? null])).toString('base64url')}`
}
