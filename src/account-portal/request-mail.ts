/**
 * Tells people by mail of a sign-in request (CIBA). The request queues an errand in its transaction; once that is
 * committed, the outbox looks whom it is for, and queues the mail. So a request for nobody costs its sender the same.
 */
import type { Accounts } from '#accounts/account.ts'
import type { Clients } from '#clients/client.ts'
import type { Database } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Logger } from '#observability/logger.ts'
import type { Approvals, ApprovalSubscriber, PendingApproval } from '#oidc/grants/ciba/approvals.ts'
import { addToOutbox } from '#outbox/outbox-store.ts'
import type { OutboxTask } from '#outbox/runner.ts'
import type { Clock } from '#shared/clock.ts'
import { languageOf } from '#sign-in/notice.ts'
import type { CountMail } from '#verification/mail-budget.ts'
import { routeOf } from './paths.ts'

/** The name of the outbox task. */
export const REQUEST_MAIL_TASK = 'sign-in-request'

/** Within a minute or two. Later, the person has answered or given up. */
const MAX_ATTEMPTS = 5

type Errand = Pick<PendingApproval, 'accountId' | 'id'>

/** Queues the errand. Looks up nothing. */
export const queueRequestMail: ApprovalSubscriber = (trx, { accountId, id }) =>
  addToOutbox(trx, {
    task: REQUEST_MAIL_TASK,
    payload: { accountId, id } satisfies Errand,
    maxAttempts: MAX_ATTEMPTS,
  })

export interface RequestMailDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read'>
  readonly approvals: Pick<Approvals, 'find'>
  readonly clients: Pick<Clients, 'find'>
  readonly mail: Pick<Mail, 'enqueue'>
  readonly countMail: CountMail
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info'>
}

/** Creates the function of the outbox task. It queues no mail when nothing waits, or the person got many already. */
export function createRequestMail(deps: RequestMailDeps): OutboxTask {
  const { db, accounts, approvals, clients, mail, countMail, clock, logger } = deps
  return async (payload) => {
    const { accountId, id } = payload as Errand
    const account = await accounts.read(accountId)
    const pending = await approvals.find(accountId, id)
    const client = pending && (await clients.find(pending.clientId))
    if (account?.status !== 'enabled' || !pending || client?.status !== 'enabled') return
    const { client_name: name } = client.metadata
    const message = pending.bindingMessage
    await db.transaction(async (trx) => {
      if ((await countMail(trx, 'sign-in-request', account.email)) !== undefined) {
        return logger.info({ account: accountId }, 'no mail about a sign-in request: there were many within the hour')
      }
      await mail.enqueue(trx, {
        to: account.email,
        language: languageOf(account),
        template: 'sign_in_request',
        data: {
          app: typeof name === 'string' ? name : client.id,
          ...(message === undefined ? {} : { message }),
          at: pending.requestedAt.toISOString(),
          path: routeOf(`requests/${id}`) as `/${string}`,
          minutes: Math.max(1, Math.ceil((pending.expiresAt.getTime() - clock.now().getTime()) / 60_000)),
        },
      })
    })
  }
}
