/** The mail that tells somebody of a change of how they sign in. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { MailMessage } from '#mail/sealed-mail.ts'
import type { FactorChange } from '#mail/templates/mail-template.ts'

/** The person's own page; it asks them to sign in. */
const ACCOUNT_PATH = '/account'

/** What the person reads, as a BCP 47 tag; empty where that is not known. */
export function languageOf({ claims: { locale } }: Account): string {
  return typeof locale === 'string' ? locale : ''
}

/** To the address that the account has now, in its language. */
export function noticeOf(
  account: Account,
  change: FactorChange,
  { by, at }: { by: AuditContext; at: Date },
): MailMessage<'factor_changed'> {
  return {
    to: account.email,
    language: languageOf(account),
    template: 'factor_changed',
    data: {
      change,
      at: at.toISOString(),
      path: ACCOUNT_PATH,
      ...(by.address === undefined ? {} : { address: by.address }),
    },
  }
}
