/** Defines the errors for administrators who start mails to people. */
import { AppError } from '#shared/app-error.ts'

/** 409: the server cannot send this mail, or the account cannot receive it. */
export class MailRefusal extends AppError {
  override readonly code:
    | 'registration_off'
    | 'mail_unavailable'
    | 'account_in_use'
    | 'account_disabled'
    | 'reset_delayed'
  override readonly status = 409

  /** `from`: when a delayed reset becomes possible. */
  constructor(code: MailRefusal['code'], from?: Date) {
    super(
      {
        registration_off: 'Nobody can be invited: the setting registration.mode is off. Set it to invited or open.',
        mail_unavailable: 'No mail leaves this server: set SMTP_URL.',
        account_in_use: 'The person can sign in to this account already; start a password reset instead.',
        account_disabled: 'The account is disabled; enable it first.',
        reset_delayed: `The address of this account was changed by an administrator, so a password reset has to wait until ${from?.toISOString()} (setting passwords.reset_after_email_change_seconds).`,
      }[code],
    )
    this.code = code
  }
}
