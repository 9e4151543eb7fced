/** Errors of the accounts room. */
import { AppError, type Fault } from '#shared/app-error.ts'

export type AccountErrorCode = 'account_invalid' | 'account_not_found' | 'account_exists'

/** 400: lists every faulty member. */
export class AccountInvalid extends AppError {
  override readonly code = 'account_invalid' satisfies AccountErrorCode
  override readonly status = 400

  constructor(faults: readonly Fault[]) {
    const fields = [...new Set(faults.map((fault) => fault.field))].join(', ')
    super(`The account has faults in: ${fields}.`, { faults })
  }
}

export class AccountNotFound extends AppError {
  override readonly code = 'account_not_found' satisfies AccountErrorCode
  override readonly status = 404

  constructor(accountId: string) {
    super(`There is no account ${JSON.stringify(accountId.slice(0, 200))}.`)
  }
}

/** 409: another account has the e-mail address. */
export class AccountExists extends AppError {
  override readonly code = 'account_exists' satisfies AccountErrorCode
  override readonly status = 409

  constructor(email: string) {
    super(`An account with the e-mail address ${email} exists already.`, {
      faults: [{ field: 'email', given: email, expected: 'an e-mail address that no other account has' }],
    })
  }
}
