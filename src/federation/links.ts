/** Links of accounts to people at upstream providers, each change told in the audit log and by mail. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext, AuditEvent } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Clock } from '#shared/clock.ts'
import { noticeOf } from '#sign-in/notice.ts'
import { keepAWayIn } from '#sign-in/ways-in.ts'
import { LinkNotFound } from './errors.ts'
import { createLinkStore, type UpstreamPerson } from './link-store.ts'
import type { Upstream } from './upstream.ts'

export interface LinksDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read'>
  readonly audit: Audit
  readonly mail: Pick<Mail, 'enqueue'>
  readonly clock: Clock
}

export type Links = ReturnType<typeof createLinks>

interface LinkFacts {
  readonly type: 'account.linked' | 'account.unlinked'
  /** The id of the provider, where it is known. */
  readonly upstream: string | undefined
  readonly by: AuditContext
}

/** What every event of a link says; who records it adds the outcome. */
export function linkEvent(sub: string, { type, upstream, by }: LinkFacts): Omit<AuditEvent, 'outcome'> {
  const event = { ...by, type, accountId: sub, subject: { kind: 'account', id: sub } } as const
  return upstream === undefined ? event : { ...event, detail: { upstream } }
}

export function createLinks({ db, accounts, audit, mail, clock }: LinksDeps) {
  async function tell(trx: Queryable, account: Account, how: LinkFacts): Promise<void> {
    const { type, by } = how
    await audit.recordIn(trx, { ...linkEvent(account.sub, how), outcome: 'success' })
    const change = type === 'account.linked' ? 'upstream_linked' : 'upstream_unlinked'
    await mail.enqueue(trx, noticeOf(account, change, { by, at: clock.now() }))
  }

  return {
    /** False where the person is linked already. */
    add: (account: Account, upstream: Upstream, subject: string, by: AuditContext): Promise<boolean> =>
      db.transaction(async (trx) => {
        if (!(await createLinkStore(trx).add({ upstream: upstream.id, subject }, account.sub))) return false
        const actor = { kind: 'account', id: account.sub } as const
        await tell(trx, account, { type: 'account.linked', upstream: upstream.id, by: { ...by, actor } })
        return true
      }),

    async remove(sub: string, link: UpstreamPerson, by: AuditContext): Promise<void> {
      const account = await accounts.read(sub)
      await db.transaction(async (trx) => {
        if (!account || !(await createLinkStore(trx).remove(link, sub))) throw new LinkNotFound()
        await keepAWayIn(trx, sub)
        await tell(trx, account, { type: 'account.unlinked', upstream: link.upstream, by })
      })
    },
  }
}
