/** Builds the audit events of proofs and of changes to factors. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext, AuditEvent } from '#audit/audit.ts'
import type { AuditDetail } from '#audit/events.ts'

/** Extra detail of a sign-in method for its audit events. */
export type ProofDetail = Readonly<Omit<AuditDetail<'sign_in.succeeded'>, 'method'>>

/** Returns the event of an accepted or refused proof. The typed text is left out, because it may be a password. */
export function proofEvent(facts: {
  method: string
  account: Account | undefined
  refusal: string | undefined
  clientId: string | undefined
  by: AuditContext
  detail?: ProofDetail
}): AuditEvent {
  const { method, account, refusal, clientId, by, detail } = facts
  return {
    ...by,
    ...(account && refusal === undefined ? { actor: { kind: 'account', id: account.id } } : {}),
    ...(account ? { accountId: account.id, subject: { kind: 'account', id: account.id } } : {}),
    ...(clientId === undefined ? {} : { clientId }),
    ...(refusal === undefined ? {} : { reason: refusal }),
    type: refusal === undefined ? 'sign_in.succeeded' : 'sign_in.failed',
    outcome: refusal === undefined ? 'success' : 'failure',
    detail: { method, ...detail },
  }
}

/** Returns the event of a factor that was added, renamed, removed or locked. Unlocking is for all factors at once. */
export function factorEvent(
  type: 'factor.added' | 'factor.renamed' | 'factor.removed' | 'factor.locked',
  facts: { method: string; accountId: string; by: AuditContext; name?: string },
): AuditEvent
export function factorEvent(type: 'factor.unlocked', facts: { accountId: string; by: AuditContext }): AuditEvent
export function factorEvent(
  type: Extract<AuditEvent['type'], `factor.${string}`>,
  { accountId, by, ...detail }: { method?: string; accountId: string; by: AuditContext; name?: string },
): AuditEvent {
  const subject = { kind: 'account', id: accountId }
  return { ...by, type, outcome: 'success', accountId, subject, detail } as AuditEvent
}
