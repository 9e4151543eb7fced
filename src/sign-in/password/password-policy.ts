/** Checks new passwords: long enough, not breached, not easy to guess. Any characters are allowed. */
import { createHash } from 'node:crypto'
import { type PasswordProblem, PasswordInvalid } from '../errors.ts'
import { isBreached } from './breached-passwords.ts'
import { createEstimateStrength } from './strength.ts'

/** In Unicode code points (ASVS 6.2.1, 6.2.9). There are no composition rules (6.2.5). */
export const PASSWORD_LENGTH = { min: 8, max: 256 } as const
/** The lowest accepted zxcvbn score (0 to 4). From 3 on, a password withstands attacks on a stolen hash for a while. */
const LEAST_SCORE = 3
const RANGE_PREFIX = 5

/** The owner of the password. Their name and email are easy guesses. */
export interface PasswordOwner {
  readonly email?: string | undefined
  readonly name?: string | undefined
}

export interface PasswordPolicyDeps {
  /**
   * Asks a server of the Pwned Passwords range protocol for the digests that start with five hexadecimal digits. The
   * server learns nothing else. Undefined if the check is off.
   */
  readonly breachRange?: ((prefix: string) => Promise<string | undefined>) | undefined
}

export interface PasswordPolicy {
  /** Throws PasswordInvalid (400) with the first rule that the password breaks, and SignInBusy (503). */
  check(password: string, owner: PasswordOwner): Promise<void>
}

export function createPasswordPolicy({ breachRange }: PasswordPolicyDeps): PasswordPolicy {
  const estimateStrength = createEstimateStrength()
  async function problemOf(password: string, owner: PasswordOwner): Promise<PasswordProblem | undefined> {
    const length = Array.from(password).length
    if (length < PASSWORD_LENGTH.min || length > PASSWORD_LENGTH.max) return 'length'
    if (await isBreached(password)) return 'breached'
    if ((await estimateStrength(password, knownOf(owner))) < LEAST_SCORE) return 'guessable'
    return breachRange && (await isInRange(password, breachRange)) ? 'breached' : undefined
  }

  return {
    async check(password, owner) {
      const problem = await problemOf(password, owner)
      if (problem !== undefined) throw new PasswordInvalid(problem, Array.from(password).length, PASSWORD_LENGTH)
    },
  }
}

/** Returns words that are easy guesses for this person. */
function knownOf({ email = '', name = '' }: PasswordOwner): string[] {
  return [email, ...email.split(/[@.+_-]/), name, ...name.split(/\s+/), 'signet'].filter((word) => word.length > 2)
}

async function isInRange(password: string, range: NonNullable<PasswordPolicyDeps['breachRange']>): Promise<boolean> {
  // the protocol uses SHA-1; security does not depend on it
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
  const lines = await range(digest.slice(0, RANGE_PREFIX))
  const rest = digest.slice(RANGE_PREFIX)
  // padding lines have the count 0
  return (lines ?? '').split(/\r?\n/).some((line) => line.startsWith(`${rest}:`) && !line.endsWith(':0'))
}
