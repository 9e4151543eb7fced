/** Defines the errors of managing passkeys. */
import { AppError } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'

/** The authenticator's response does not match the request, or came too late. */
export class PasskeyRefused extends AppError {
  override readonly code = 'passkey_refused'
  override readonly status = 422

  /** `why` is for the log. */
  constructor(why: string) {
    super('The passkey could not be added: the answer of the device does not fit, or came too late. Try again.', {
      logDetail: why,
    })
  }
}

/** The passkey is already registered. */
export class PasskeyKnown extends AppError {
  override readonly code = 'passkey_known'
  override readonly status = 409

  constructor() {
    super('This passkey is registered already.')
  }
}

/** The account has reached the limit of passkeys. */
export class TooManyPasskeys extends AppError {
  override readonly code = 'too_many_passkeys'
  override readonly status = 409

  constructor(limit: number) {
    super(`The account has ${limit} passkeys, and more are not kept. Remove one that is not used any more.`)
  }
}

export class PasskeyNameInvalid extends AppError {
  override readonly code = 'passkey_name_invalid'
  override readonly status = 422

  constructor(given: string, max: number) {
    const expected = `1 to ${max} characters without control characters`
    super(`The name must have ${expected}.`, { faults: [{ field: 'name', given: shown(given), expected }] })
  }
}

/** The passkey is not as it was when it was added: it may have been copied or reset. */
export class PasskeyChanged extends AppError {
  override readonly code = 'passkey_changed'
  override readonly status = 422

  constructor() {
    super('The passkey was not accepted: it has changed since it was added. Sign in another way, then replace it.')
  }
}
