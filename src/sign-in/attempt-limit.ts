/** Checks a proof within its method's attempt limit: counts it as failed first, clears that on success, audits it. */
import type { Account } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Attempt, Attempts } from './attempts.ts'
import { TooManyAttempts } from './errors.ts'
import { proofEvent } from './proof-events.ts'
import type { MethodTraits, Verdict } from './sign-in-method.ts'

export interface AttemptLimitDeps {
  readonly attempts: Pick<Attempts, 'begin'>
  readonly audit: Pick<Audit, 'record'>
}

interface Facts extends Pick<Attempt, 'who'> {
  /** Provides the attempt counter and the name for the audit log. */
  readonly method: Pick<MethodTraits, 'name' | 'attemptCounter'>
  /** The account to prove, if it is known before the check. */
  readonly account?: Account | undefined
  readonly clientId: string | undefined
  readonly by: AuditContext
}

/**
 * Returns the proven account, or undefined if `judge` refuses the proof. An error thrown by `judge` does not count as a
 * failed attempt. Throws TooManyAttempts and any error of `judge`.
 */
export async function withAttemptLimit(
  { attempts, audit }: AttemptLimitDeps,
  { method: { name, attemptCounter }, who, account, clientId, by }: Facts,
  judge: () => Promise<Verdict>,
): Promise<Account | undefined> {
  const record = (verdict: Verdict) => audit.record(proofEvent({ method: name, ...verdict, clientId, by }))
  const attempt = await attempts
    .begin({ method: attemptCounter, who, address: by.address })
    .catch(async (error: unknown) => {
      if (error instanceof TooManyAttempts) await record({ account, refusal: 'too many attempts' })
      throw error
    })
  const verdict = await judge().catch(async (error: unknown) => {
    // not `succeeded`, which would clear the count; and what went wrong first is what the caller needs to know
    await attempt.undo().catch(() => undefined)
    throw error
  })
  const isRight = verdict.refusal === undefined
  await (isRight ? attempt.succeeded() : attempt.failed())
  await record(verdict)
  return isRight ? verdict.account : undefined
}
