/** Builds the room: registration, password reset, verification of an address, and invitations. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Settings } from '#settings/settings.ts'
import type { Clock } from '#shared/clock.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { createKnownDevices } from '#sign-in/known-devices.ts'
import { createEmailCodes } from './email-code/email-codes.ts'
import { createEmailAddress } from './email-address.ts'
import { noticeOf } from '#sign-in/notice.ts'
import { createEmailVerifications } from './email-verification/email-verifications.ts'
import { createPasswordReset } from './password-reset.ts'
import { createResetDelay } from './reset-delay.ts'
import { createIdentityCodes } from './identity-codes.ts'
import { createRegistration } from './registration.ts'
import { createCountMail } from './mail-budget.ts'
import { createInvitations, type InvitationsDeps } from './invitation/invitations.ts'
import type { Passwords } from '#sign-in/password/password.ts'

export interface VerificationDeps extends Pick<InvitationsDeps, 'isInUse' | 'endAccess'> {
  readonly db: Database
  readonly accounts: Accounts
  readonly audit: Audit
  readonly keyring: Keyring
  readonly mail: Mail
  readonly passwords: Passwords
  readonly settings: Settings
  readonly clock: Clock
}

export function createVerification(deps: VerificationDeps) {
  const { clock, mail, settings } = deps
  const attempts = createAttempts(deps)
  const seconds = () => settings.current().passwords.reset_after_email_change_seconds
  const resetDelay = createResetDelay({ clock, seconds })
  const countMail = createCountMail(deps)
  const emailCodes = createEmailCodes({ ...deps, attempts, countMail, devices: createKnownDevices(deps), resetDelay })
  const emailVerifications = createEmailVerifications({ ...deps, attempts, emailCodes })
  const invitations = createInvitations(deps)
  return {
    emailCodes,
    emailVerifications,
    registration: createRegistration({ ...deps, emailVerifications }),
    passwordReset: createPasswordReset({ ...deps, resetDelay, emailCodes, emailVerifications }),
    emailAddress: createEmailAddress({ ...deps, emailVerifications }),
    identityCodes: createIdentityCodes({ emailVerifications }),
    invitations,
    countMail,
    /** Sends the account's owner a notice that the password was changed, in the transaction of the change. */
    notifyPasswordChanged: (trx: Queryable, account: Account, by: AuditContext) =>
      mail.enqueue(trx, noticeOf(account, 'password_changed', { by, at: clock.now() })),
    /** Deletes expired rows. Returns their number by table, or undefined if there were none. */
    async removeExpired(): Promise<Record<string, number> | undefined> {
      const removed = {
        ...(await emailCodes.removeExpired()),
        mail_errands: await emailVerifications.removeExpired(),
        invitations: await invitations.removeExpired(),
      }
      return Object.values(removed).some((rows) => rows > 0) ? removed : undefined
    },
  }
}
