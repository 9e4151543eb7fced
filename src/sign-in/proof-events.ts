/** The audit events of proofs and of the factors they are made with. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext, AuditEvent } from '#audit/audit.ts'
import type { AuditDetail } from '#audit/events.ts'

/** What a sign-in method adds to the audit events of its proofs. */
export type ProofDetail = Readonly<Omit<AuditDetail<'sign_in.succeeded'>, 'method'>>

/** A proof that was accepted (`refusal` undefined) or refused. What was typed is left out: it may be a password. */
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

/** A factor came, was named anew, or went. */
export function factorEvent(
  type: 'factor.added' | 'factor.renamed' | 'factor.removed',
  { method, accountId, by, ...detail }: { method: string; accountId: string; by: AuditContext; name?: string },
): AuditEvent {
  const subject = { kind: 'account', id: accountId }
  return { ...by, type, outcome: 'success', accountId, subject, detail: { method, ...detail } }
}
