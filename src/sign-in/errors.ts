/** Defines the errors of sign-in. */
import { AppError } from '#shared/app-error.ts'

/** The queue of passwords to check is full. */
export class SignInBusy extends AppError {
  override readonly code = 'sign_in_busy'
  override readonly status = 503
  readonly retryAfterSeconds = 2

  constructor() {
    super('Many people are signing in at this moment; try again in a few seconds.')
  }
}

/** The rule that a new password breaks. */
export type PasswordProblem = 'length' | 'breached' | 'guessable'

const EXPECTED: Readonly<Record<Exclude<PasswordProblem, 'length'>, string>> = {
  breached: 'one that is on no list of known passwords',
  guessable: 'one that is harder to guess, such as a few words that do not belong together',
}

/** A new password breaks a rule of the password policy. No field contains the password itself. */
export class PasswordInvalid extends AppError {
  override readonly code = 'password_invalid'
  override readonly status = 400
  readonly problem: PasswordProblem

  constructor(problem: PasswordProblem, length: number, limits: { min: number; max: number }) {
    const expected = problem === 'length' ? `${limits.min} to ${limits.max} characters` : EXPECTED[problem]
    const message = {
      length: `The password has ${length} characters; it must have ${expected}.`,
      breached: `The password is on a list that attackers use; choose ${expected}.`,
      guessable: `The password is too easy to guess; choose ${expected}.`,
    }[problem]
    const given = problem === 'length' ? `${length} characters` : '(not shown)'
    super(message, { faults: [{ field: 'password', given, expected }] })
    this.problem = problem
  }
}

/** The code that confirms a new factor is wrong or too late. */
export class FactorCodeWrong extends AppError {
  override readonly code = 'factor_code_wrong'
  override readonly status = 422

  constructor() {
    super('The code does not belong to what was set up, or came too late.', {
      faults: [{ field: 'code', given: '(not shown)', expected: 'the six digits that the app shows now' }],
    })
  }
}

/** Too many codes of this second factor were wrong in a row. */
export class FactorLocked extends AppError {
  override readonly code = 'factor_locked'
  override readonly status = 403

  constructor() {
    super(
      'This second factor is locked after too many wrong codes. Use another one, or ask an administrator to unlock it.',
    )
  }
}

/** The account does not have this factor, or no longer has it. */
export class FactorNotFound extends AppError {
  override readonly code = 'factor_not_found'
  override readonly status = 404

  constructor(what: string) {
    super(`The account has no ${what}.`)
  }
}

/** Removing this credential would leave the account without a way to sign in. */
export class LastCredential extends AppError {
  override readonly code = 'last_way_in'
  override readonly status = 409

  constructor() {
    super('This is the only way to sign in that is left. Add another one before you remove it.')
  }
}

/** Too many proofs failed for this account, or from this network. */
export class TooManyAttempts extends AppError {
  override readonly code = 'too_many_attempts'
  override readonly status = 429
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super(`Too many attempts; try again in ${retryAfterSeconds} seconds.`)
    this.retryAfterSeconds = retryAfterSeconds
  }
}
