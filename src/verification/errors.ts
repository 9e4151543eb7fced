/** What an administrator who wants a mail to be sent is refused. */
import { AppError } from '#shared/app-error.ts'

/** 409: this account, or this server, gets or sends no such mail. */
export class MailRefusal extends AppError {
  override readonly code: 'registration_off' | 'mail_unavailable' | 'account_in_use' | 'account_disabled'
  override readonly status = 409

  constructor(code: MailRefusal['code']) {
    super(
      {
        registration_off: 'Nobody can be invited: the setting registration.mode is off. Set it to invited or open.',
        mail_unavailable: 'No mail leaves this server: set SMTP_URL.',
        account_in_use: 'The account has a password already; start a reset of it instead.',
        account_disabled: 'The account is disabled; enable it first.',
      }[code],
    )
    this.code = code
  }
}
