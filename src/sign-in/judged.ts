/** How every proof is judged: counted beforehand, forgiven when it was right, and told to the audit log. */
import type { Account } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Attempt, Attempts } from './attempts.ts'
import { TooManyAttempts } from './errors.ts'
import { type ProofDetail, proofEvent } from './proof-events.ts'

/** Wrong codes of either kind count together: who has the password gets no second run of guesses. */
export const SECOND_PROOF = { method: 'second' } as const

export interface JudgedDeps {
  readonly attempts: Pick<Attempts, 'begin'>
  readonly audit: Pick<Audit, 'record'>
}

interface Facts extends Omit<Attempt, 'address'> {
  /** As it is named in the audit log, where attempts of several methods count together. */
  readonly name?: string
  /** Whose proof it would be, where that is known beforehand. */
  readonly account?: Account | undefined
  readonly clientId: string | undefined
  readonly by: AuditContext
}

export interface Verdict {
  readonly account: Account | undefined
  /** Why the proof is refused; undefined where it is right. */
  readonly refusal: string | undefined
  /** Further facts for the audit log. */
  readonly detail?: ProofDetail
}

/**
 * The account that was proven, undefined where the verdict is a refusal. An error of `judge` is no failed attempt.
 * Throws TooManyAttempts, and whatever `judge` throws.
 */
export async function judged(
  { attempts, audit }: JudgedDeps,
  { method, name = method, who, account, clientId, by }: Facts,
  judge: () => Promise<Verdict>,
): Promise<Account | undefined> {
  const record = (verdict: Verdict) => audit.record(proofEvent({ method: name, ...verdict, clientId, by }))
  const attempt = await attempts.begin({ method, who, address: by.address }).catch(async (error: unknown) => {
    if (error instanceof TooManyAttempts) await record({ account, refusal: 'too many attempts' })
    throw error
  })
  const verdict = await judge().catch(async (error: unknown) => {
    await attempt.succeeded()
    throw error
  })
  const isRight = verdict.refusal === undefined
  await (isRight ? attempt.succeeded() : attempt.failed())
  await record(verdict)
  return isRight ? verdict.account : undefined
}
