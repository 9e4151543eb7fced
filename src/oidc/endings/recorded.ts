/** Ends sessions one by one or together, each with its audit event. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { SessionSelection } from './ending-store.ts'
import type { Endings } from './endings.ts'
import type { SessionEndReason } from './reasons.ts'
import type { EndedSession } from './sessions.ts'

/** Why a session ended, as the audit log says it. Where an account ends, the event of the account says it. */
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

/** The sessions that this call ended, each of them recorded as `session.ended`. */
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
