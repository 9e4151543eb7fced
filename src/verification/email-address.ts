/** Verifies an account's e-mail address, or a new one before it replaces the old one. */
import type { Account, Accounts } from '#accounts/account.ts'
import { AccountExists } from '#accounts/errors.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'
import {
  type EmailVerifications,
  type VerificationHandle,
  VerificationSpent,
} from './email-verification/email-verification.ts'

export interface EmailAddress {
  readonly available: boolean
  /**
   * Sends a code and a link to `address`: the account's own or its new one. Both work only at `handle`. The answer is
   * the same whether or not another account has the address. Throws TooManyMails and TooManyAttempts (429), and
   * TypeError for an invalid address.
   */
  ask(
    handle: VerificationHandle,
    request: { account: Account; address: string; language: string; path: IssuerPath },
    by: AuditContext,
  ): Promise<void>
  /** Returns the address that a code was sent to from `handle`. */
  asked(handle: VerificationHandle, accountId: string): Promise<string | undefined>
  /**
   * Checks the code, or the link's token. If it is valid, the account gets the verified address; if that is a new one,
   * a notice goes to the old one. Returns undefined for every refusal. Throws TooManyAttempts (429). Audits
   * account.updated.
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

/** Sets the verified address. If it is a new one, `accounts` notifies the old one. */
async function change(
  { accounts, db, emailVerifications }: EmailAddressDeps,
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
      await emailVerifications.finish(trx, handle, verification)
      return accounts.updateIn(trx, before, { email, emailVerified: true }, by)
    })
  } catch (error) {
    // another account has verified this address meanwhile, or a concurrent call has spent the proof
    if (error instanceof AccountExists || error instanceof VerificationSpent) return undefined
    throw error
  }
}
