/** Resets the password of a person who proves their address by mail, and ends the account's sessions and grants. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Clock } from '#shared/clock.ts'
import type { EmailCodes } from './email-code/email-code.ts'
import { MailRefusal } from './errors.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import { createSignInProgress } from '#sign-in/progress-store.ts'
import {
  type EmailVerifications,
  type VerificationHandle,
  VerificationSpent,
} from './email-verification/email-verification.ts'
import type { ResetDelay } from './reset-delay.ts'
import { languageOf, noticeOf } from '#sign-in/notice.ts'

/** The page that the link of a reset opens, in any browser. */
export const RESET_PATH = '/reset-password'

export interface PasswordReset {
  readonly available: boolean
  /**
   * Sends the mail on behalf of an administrator, who neither sees nor chooses the password (ASVS 6.4.6). Throws
   * MailRefusal (409) and TooManyMails (429).
   */
  start(account: Account, by: AuditContext): Promise<void>
  /**
   * Sets the password of the account whose address was proven at `handle`, ends its sessions and grants and sends a
   * notice, in one transaction. Returns undefined if the proof was spent or has expired. It proves the password, not a
   * second factor (ASVS 6.4.3). Throws PasswordInvalid, after which the person may try again, and SignInBusy. Audits
   * password.reset.
   */
  finish(handle: VerificationHandle, password: string, by: AuditContext): Promise<Account | undefined>
}

/** Ends all sessions and grants of the account. */
export type EndAccess = (
  trx: Queryable,
  accountId: string,
  reason: 'password_reset' | 'invitation_accepted',
) => Promise<void>

export interface PasswordResetDeps {
  readonly accounts: Pick<Accounts, 'read'>
  readonly passwords: Pick<Passwords, 'reset'>
  readonly emailCodes: Pick<EmailCodes, 'available' | 'send'>
  readonly emailVerifications: EmailVerifications
  readonly mail: Pick<Mail, 'enqueue'>
  readonly clock: Clock
  readonly resetDelay: ResetDelay
  readonly endAccess: EndAccess
}

export function createPasswordReset(deps: PasswordResetDeps): PasswordReset {
  const { accounts, clock, emailCodes, endAccess, emailVerifications, mail, passwords, resetDelay } = deps
  return {
    available: emailCodes.available,
    async start(account, by) {
      if (!emailCodes.available) throw new MailRefusal('mail_unavailable')
      if (account.status !== 'enabled') throw new MailRefusal('account_disabled')
      const from = resetDelay(account)
      if (from) throw new MailRefusal('reset_delayed', from)
      await emailCodes.send(
        {
          purpose: 'reset_password',
          address: account.email,
          language: languageOf(account),
          path: RESET_PATH,
          linkOnly: true,
        },
        by,
      )
    },
    async finish(handle, password, by) {
      const verification = await emailVerifications.find(handle, 'reset')
      const account =
        verification?.proven && verification.sub !== undefined ? await accounts.read(verification.sub) : undefined
      // finish() refuses it too when the account has changed since; this spares the hash
      if (
        !verification ||
        account?.status !== 'enabled' ||
        account.mailLinksVersion !== verification.mailLinksVersion
      ) {
        return undefined
      }
      const own: AuditContext = { ...by, actor: { kind: 'account', id: account.id } }
      try {
        await passwords.reset(account, password, own, async (trx) => {
          await emailVerifications.finish(trx, handle, verification)
          await endAccess(trx, account.id, 'password_reset')
          await createSignInProgress(trx).endOf(account.id)
          await mail.enqueue(trx, noticeOf(account, 'password_reset', { by, at: clock.now() }))
        })
      } catch (error) {
        if (error instanceof VerificationSpent) return undefined
        throw error
      }
      return account
    },
  }
}
