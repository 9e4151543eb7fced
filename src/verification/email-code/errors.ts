/** Defines the errors of sending codes. */
import { AppError } from '#shared/app-error.ts'

/** Too many mails were sent to this address. Thrown whether or not an account has it. */
export class TooManyMails extends AppError {
  override readonly code = 'too_many_mails'
  override readonly status = 429
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    const minutes = Math.ceil(retryAfterSeconds / 60)
    super(
      `Several mails were sent to this address already; the next can be sent in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`,
    )
    this.retryAfterSeconds = retryAfterSeconds
  }
}
