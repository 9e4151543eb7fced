/** Confirms by a code from a mail that the owner of an account is here now. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { TypedCode } from './email-code/email-code.ts'
import type { EmailVerifications, VerificationHandle } from './email-verification/email-verification.ts'

/** A code that was sent from one handle does not count at another. */
export interface IdentityCodes {
  /** False if the server cannot send mail. */
  readonly available: boolean
  /** Sends a code to the account's address, if the server can. Throws TooManyMails and TooManyAttempts (429). */
  send(handle: VerificationHandle, to: { account: Account; language: string }, by: AuditContext): Promise<void>
  /** Returns whether a code was sent to the account's present address. */
  isSent(handle: VerificationHandle, account: Account): Promise<boolean>
  /** Checks the code, which counts once. Throws TooManyAttempts (429). */
  prove(handle: VerificationHandle, given: TypedCode & { account: Account }, by: AuditContext): Promise<boolean>
}

const PURPOSE = 'identity'

export function createIdentityCodes({
  emailVerifications,
}: {
  readonly emailVerifications: EmailVerifications
}): IdentityCodes {
  const { available } = emailVerifications

  async function isSent(handle: VerificationHandle, account: Account): Promise<boolean> {
    const verification = await emailVerifications.find(handle, PURPOSE)
    return verification?.sub === account.id && verification.address === account.email
  }

  return {
    available,
    isSent,
    async send(handle, { account, language }, by) {
      const { email: address, id: accountId } = account
      const start = { purpose: PURPOSE, address, accountId, language, path: '/account' } as const
      if (available) await emailVerifications.begin(handle, start, by)
    },
    async prove(handle, { account, ...given }, by) {
      if (!(await isSent(handle, account))) return false
      const isRight = await emailVerifications.proveByCode(handle, { purpose: PURPOSE, ...given }, by)
      if (isRight) await emailVerifications.forget(handle)
      return isRight
    },
  }
}
