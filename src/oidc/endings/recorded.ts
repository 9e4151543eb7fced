/** Ends sessions and records an audit event for each. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { SessionSelection } from './ending-store.ts'
import type { Endings } from './endings.ts'
import type { SessionEndReason } from './reasons.ts'
import type { EndedSession } from './sessions.ts'

/** The reason in the audit event. When an account ends, only the event of the account is recorded. */
const REASONS = {
  signed_out: 'signed out',
  signed_out_elsewhere: 'ended by the person',
  another_person_signed_in: 'another person signed in',
  ended_by_person: 'ended by the person',
  ended_by_administrator: 'ended by an administrator',
} as const satisfies Partial<Record<SessionEndReason, string>>

export interface RecordedEndingDeps {
  readonly endings: Pick<Endings, 'endSessions'>
  readonly audit: Pick<Audit, 'recordIn'>
}

/** Ends the selected sessions and records each as `session.ended`. Returns the sessions that this call ended. */
export async function endRecordedSessions(
  { endings, audit }: RecordedEndingDeps,
  trx: Queryable,
  selection: SessionSelection,
  { reason, by }: { reason: keyof typeof REASONS; by: AuditContext },
): Promise<readonly EndedSession[]> {
  const ended = await endings.endSessions(trx, selection, reason)
  for (const { uid, accountId } of ended) {
    await audit.recordIn(trx, {
      ...by,
      type: 'session.ended',
      outcome: 'success',
      ...(accountId === undefined ? {} : { accountId }),
      subject: { kind: 'session', id: uid },
      reason: REASONS[reason],
    })
  }
  return ended
}
