/** Errors of the registration of clients. */
import { AppError, type Fault } from '#shared/app-error.ts'

/** The error codes of the answer (RFC 6750 §3.1, RFC 7591 §3.2.2, RFC 7592 §2). */
export type RegistrationErrorCode =
  | 'invalid_token'
  | 'access_denied'
  | 'invalid_request'
  | 'invalid_software_statement'
  | 'unapproved_software_statement'

const STATUS: Readonly<Record<RegistrationErrorCode, number>> = {
  invalid_token: 401,
  access_denied: 403,
  invalid_request: 400,
  invalid_software_statement: 400,
  unapproved_software_statement: 400,
}

export class RegistrationRefused extends AppError {
  override readonly code: RegistrationErrorCode
  override readonly status: number

  constructor(code: RegistrationErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.code = code
    this.status = STATUS[code]
  }
}

/** 403: the client is disabled, or was deleted and is registered again. */
export function endedByAdministrator(): RegistrationRefused {
  return new RegistrationRefused('access_denied', 'An administrator has disabled or deleted this client.')
}

/** 400: the policy of an initial access token has faults. */
export class PolicyInvalid extends AppError {
  override readonly code = 'registration_policy_invalid'
  override readonly status = 400

  constructor(faults: readonly Fault[]) {
    super(`The policy has faults in: ${[...new Set(faults.map(({ field }) => field))].join(', ')}.`, { faults })
  }
}

export class InitialAccessTokenNotFound extends AppError {
  override readonly code = 'initial_access_token_not_found'
  override readonly status = 404

  constructor(id: string) {
    super(`There is no initial access token ${JSON.stringify(id.slice(0, 200))}.`)
  }
}
