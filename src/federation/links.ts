/**
 * Adds and removes links of accounts to people at upstream providers. Each change is recorded in the audit log and
 * announced by mail.
 */
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext, AuditEvent } from '#audit/audit.ts'
import type { AuditFields } from '#audit/events.ts'
import type { Database, Queryable } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Clock } from '#shared/clock.ts'
import { noticeOf } from '#sign-in/notice.ts'
import type { AssertNotLastCredential } from '#sign-in/last-credential.ts'
import { LinkNotFound } from './errors.ts'
import { createLinkStore, type UpstreamPerson } from './link-store.ts'
import type { Upstream } from './upstream.ts'

export interface LinksDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read' | 'endMailLinks'>
  readonly audit: Audit
  readonly mail: Pick<Mail, 'enqueue'>
  readonly clock: Clock
  readonly assertNotLastCredential: AssertNotLastCredential
}

export type Links = ReturnType<typeof createLinks>

type LinkFields = AuditFields<'account.linked' | 'account.unlinked'> & {
  readonly by: AuditContext
  /** Why the link was refused; undefined when it was made or removed. */
  readonly refusal?: string
}

/** Returns the audit event for a link of an account. */
export function linkEvent(accountId: string, { by, refusal, ...fields }: LinkFields): AuditEvent {
  const outcome =
    refusal === undefined ? ({ outcome: 'success' } as const) : ({ outcome: 'failure', reason: refusal } as const)
  return { ...by, ...fields, ...outcome, accountId, subject: { kind: 'account', id: accountId } }
}

export function createLinks({ db, accounts, audit, mail, clock, assertNotLastCredential }: LinksDeps) {
  async function recordAndNotify(trx: Queryable, account: Account, link: LinkFields): Promise<void> {
    const { type, by } = link
    await audit.recordIn(trx, linkEvent(account.id, link))
    const change = type === 'account.linked' ? 'upstream_linked' : 'upstream_unlinked'
    await mail.enqueue(trx, noticeOf(account, change, { by, at: clock.now() }))
  }

  return {
    /** Adds a link; false when the person is linked already. */
    add: (account: Account, upstream: Upstream, subject: string, by: AuditContext): Promise<boolean> =>
      db.transaction(async (trx) => {
        await accounts.endMailLinks(trx, account.id)
        if (!(await createLinkStore(trx).add({ upstream: upstream.id, subject }, account.id))) return false
        const actor = { kind: 'account', id: account.id } as const
        const detail = { upstream: upstream.id }
        await recordAndNotify(trx, account, { type: 'account.linked', detail, by: { ...by, actor } })
        return true
      }),

    async remove(accountId: string, link: UpstreamPerson, by: AuditContext): Promise<void> {
      const account = await accounts.read(accountId)
      await db.transaction(async (trx) => {
        await accounts.endMailLinks(trx, accountId)
        if (!account || !(await createLinkStore(trx).remove(link, accountId))) throw new LinkNotFound()
        await assertNotLastCredential(trx, accountId)
        await recordAndNotify(trx, account, { type: 'account.unlinked', detail: { upstream: link.upstream }, by })
      })
    },
  }
}
