/** Checks a proof within its method's attempt limit: counts it as failed first, takes that back on success, audits it. */
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

export interface AttemptFacts extends Pick<Attempt, 'who' | 'knownBrowser'> {
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
  { method: { name, attemptCounter }, who, knownBrowser, account, clientId, by }: AttemptFacts,
  judge: () => Promise<Verdict>,
): Promise<Account | undefined> {
  const record = (verdict: Verdict) => audit.record(proofEvent({ method: name, ...verdict, clientId, by }))
  const attempt = attemptCounter && { method: attemptCounter, who, knownBrowser, address: by.address }
  const onWait = () => record({ account, refusal: 'too many attempts' })
  const verdict = await (attempt ? whileCounted({ attempts, onWait }, attempt, judge) : judge())
  await record(verdict)
  return verdict.refusal === undefined ? verdict.account : undefined
}

/**
 * Counts an attempt as failed while `judge` checks it, and returns the verdict. Calls `onWait` before it throws
 * TooManyAttempts. An error of `judge` is thrown on, and is not counted.
 */
export async function whileCounted<Judged extends Pick<Verdict, 'account' | 'refusal'>>(
  { attempts, onWait }: Pick<AttemptLimitDeps, 'attempts'> & { readonly onWait: () => Promise<void> },
  facts: Attempt,
  judge: () => Promise<Judged>,
): Promise<Judged> {
  const attempt = await attempts.begin(facts).catch(async (error: unknown) => {
    if (error instanceof TooManyAttempts) await onWait()
    throw error
  })
  const verdict = await judge().catch(async (error: unknown) => {
    // not `succeeded`, which would clear the count; and what went wrong first is what the caller needs to know
    await attempt.undo().catch(() => undefined)
    throw error
  })
  if (verdict.refusal === undefined) await attempt.succeeded(verdict.account?.id)
  return verdict
}
