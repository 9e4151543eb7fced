/** Proves the address of an account, or a new one before it takes the place of the old. */
import type { Account, Accounts } from '#accounts/account.ts'
import { AccountExists } from '#accounts/errors.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'
import type { Clock } from '#shared/clock.ts'
import type { VerificationHandle, EmailVerifications } from './email-verification/email-verification.ts'
import { noticeOf } from '#sign-in/notice.ts'

export interface EmailAddress {
  readonly available: boolean
  /**
   * Sends a code and a link to `address`, which is the account's own or the one that it is to have; both work at
   * `handle` alone. The same is said whether or not another account has the address. Throws TooManyMails and
   * TooManyAttempts (429), TypeError for an address that is none.
   */
  ask(
    handle: VerificationHandle,
    request: { account: Account; address: string; language: string; path: IssuerPath },
    by: AuditContext,
  ): Promise<void>
  /** The address that a code was sent to from `handle`. */
  asked(handle: VerificationHandle, accountId: string): Promise<string | undefined>
  /**
   * Takes the code, or the link's token: the account has the address, proven, and the old one is told. Undefined for
   * whatever reason it is refused. Throws TooManyAttempts (429). Audits account.updated.
   */
  confirm(
    handle: VerificationHandle,
    given: { accountId: string } & ({ code: string } | { token: string }),
    by: AuditContext,
  ): Promise<Account | undefined>
}

export interface EmailAddressDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read' | 'updateIn'>
  readonly emailVerifications: EmailVerifications
  readonly mail: Pick<Mail, 'enqueue'>
  readonly clock: Clock
}

export function createEmailAddress(deps: EmailAddressDeps): EmailAddress {
  const { emailVerifications } = deps

  async function proven(handle: VerificationHandle, given: Parameters<EmailAddress['confirm']>[1], by: AuditContext) {
    if ('token' in given) return emailVerifications.proveByLink({ purpose: 'address', handle, ...given }, by)
    const right = await emailVerifications.proveByCode(handle, { purpose: 'address', code: given.code }, by)
    return right ? handle : undefined
  }

  return {
    available: emailVerifications.available,
    ask: (handle, { account, ...start }, by) =>
      emailVerifications.begin(handle, { purpose: 'address', accountId: account.id, ...start }, by),
    async asked(handle, accountId) {
      const verification = await emailVerifications.find(handle, 'address')
      return verification?.sub === accountId ? verification.address : undefined
    },
    async confirm(handle, given, by) {
      const where = await proven(handle, given, by)
      return where === undefined ? undefined : change(deps, { handle: where, accountId: given.accountId, by })
    },
  }
}

/** The old address is told of the new one, in the transaction that puts it in its place. */
async function change(
  { accounts, clock, db, emailVerifications, mail }: EmailAddressDeps,
  { handle, accountId, by }: { handle: VerificationHandle; accountId: string; by: AuditContext },
): Promise<Account | undefined> {
  const [verification, before] = await Promise.all([
    emailVerifications.find(handle, 'address'),
    accounts.read(accountId),
  ])
  if (!verification || verification.sub !== accountId || before?.status !== 'enabled') return undefined
  const { address: email } = verification
  try {
    return await db.transaction(async (trx) => {
      if (!(await emailVerifications.finish(trx, handle, verification))) return undefined
      const after = await accounts.updateIn(trx, before, { email, emailVerified: true }, by)
      if (email.toLowerCase() !== before.email.toLowerCase()) {
        await mail.enqueue(trx, noticeOf(before, 'email_changed', { by, at: clock.now() }))
      }
      return after
    })
  } catch (error) {
    // somebody else has proven it meanwhile
    if (error instanceof AccountExists) return undefined
    throw error
  }
}
