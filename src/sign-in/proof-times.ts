/** When each method was last proven in a session, and whether that is recent enough for sensitive changes. Pure. */
import type { MethodRegistry } from './registry.ts'
import type { FactorKind, MethodTraits } from './sign-in-method.ts'

/** The time of the last proof by each method, in epoch seconds, by the method's name or `MAIL_CODE`. */
export type ProofTimes = Readonly<Record<string, number>>

/** Seconds for which a proof counts as recent. */
const FRESH_SECONDS = 300

/** A code from a mail. It shows that the person is here now, but is no way to sign in (ASVS 6.3.6). */
export const MAIL_CODE = 'mail_code'

/** A password and a code by mail, after the delay for a lost method. */
export const LOST_FACTOR = 'lost_factor'

interface ProofState {
  readonly provenAt: ProofTimes
  /** The names of the methods that the account has set up. */
  readonly enrolled: readonly string[]
  /** In epoch seconds. */
  readonly now: number
}

/**
 * Returns whether the person may change how they sign in (ASVS 7.5.1): they proved the strongest method that they have
 * set up within five minutes or, in place of a lost one, a recovery code, two proofs of different kinds, or a password
 * and a code by mail after a delay.
 */
export function isFreshlyProven(
  registry: Pick<MethodRegistry<MethodTraits>, 'methods'>,
  { provenAt, enrolled, now }: ProofState,
): boolean {
  const isRecent = (name: string) => now - (provenAt[name] ?? Number.NEGATIVE_INFINITY) <= FRESH_SECONDS
  const recent = registry.methods.filter(({ name }) => isRecent(name))
  const own = registry.methods.filter(({ name }) => enrolled.includes(name))
  const strongest = Math.max(...own.map(strengthOf))
  if (recent.some((method) => strengthOf(method) >= strongest)) return true
  if (recent.some(({ second }) => second === 'instead') || isRecent(LOST_FACTOR)) return true
  if (new Set(recent.flatMap(({ kinds }): readonly FactorKind[] => kinds)).size > 1) return true
  // another server says who it is, and may not say when: the mail is the only thing that can be proven here
  return isRecent(MAIL_CODE) && own.every(({ remote }) => remote === true)
}

/** Returns the name of the strongest method that the account has set up; undefined if there is only a first factor. */
export function strongestOf(
  registry: Pick<MethodRegistry<MethodTraits>, 'methods'>,
  enrolled: readonly string[],
): string | undefined {
  const own = registry.methods.filter((method) => enrolled.includes(method.name) && isSecondFactor(method))
  return own.toSorted((one, other) => strengthOf(other) - strengthOf(one))[0]?.name
}

/** Whether it counts as a second factor by itself: a passkey or an authenticator app, but not what stands in for them. */
export function isSecondFactor(method: MethodTraits): boolean {
  return strengthOf(method) > 1
}

/** Recovery codes stand in for another method, so they do not count as one that must be proven. */
function strengthOf({ kinds, phishingResistant, second }: MethodTraits): number {
  if (second === 'instead') return 0
  if (phishingResistant && kinds.length > 1) return 3
  return second === 'always' ? 2 : 1
}
