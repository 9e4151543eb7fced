/** Builds the mail that notifies a person about a change to their sign-in methods. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { MailMessage } from '#mail/sealed-mail.ts'
import type { FactorChange } from '#mail/templates/mail-template.ts'

/** The account page, which requires a sign-in. */
const ACCOUNT_PATH = '/account'

/** Returns the person's language as a BCP 47 tag, or an empty string if it is not known. */
export function languageOf({ claims: { locale } }: Account): string {
  return typeof locale === 'string' ? locale : ''
}

/** Returns the mail to the account's current address, in the account's language. */
export function noticeOf(
  account: Account,
  change: FactorChange,
  { by, at, name }: { by: AuditContext; at: Date; /** The person's name for what changed. */ name?: string },
): MailMessage<'factor_changed'> {
  return {
    to: account.email,
    language: languageOf(account),
    template: 'factor_changed',
    data: {
      change,
      at: at.toISOString(),
      ...(name === undefined ? {} : { name }),
      path: ACCOUNT_PATH,
      // where an administrator works is not for people to know
      ...(by.address === undefined || by.actor.kind === 'client' ? {} : { address: by.address }),
    },
  }
}
