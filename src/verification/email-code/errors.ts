/** What sending codes refuses. */
import { AppError } from '#shared/app-error.ts'

/** So many mails went to this address that the next has to wait; said whether or not anybody has it. */
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
