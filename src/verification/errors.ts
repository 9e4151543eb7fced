/** Defines the errors for administrators who start mails to people. */
import { AppError } from '#shared/app-error.ts'

/** 409: the server cannot send this mail, or the account cannot receive it. */
export class MailRefusal extends AppError {
  override readonly code: 'registration_off' | 'mail_unavailable' | 'account_in_use' | 'account_disabled'
  override readonly status = 409

  constructor(code: MailRefusal['code']) {
    super(
      {
        registration_off: 'Nobody can be invited: the setting registration.mode is off. Set it to invited or open.',
        mail_unavailable: 'No mail leaves this server: set SMTP_URL.',
        account_in_use: 'The person can sign in to this account already; start a password reset instead.',
        account_disabled: 'The account is disabled; enable it first.',
      }[code],
    )
    this.code = code
  }
}
