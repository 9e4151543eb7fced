/** Proves the address of an account, or a new one before it takes the place of the old. */
import type { Account, Accounts } from '#accounts/account.ts'
import { AccountExists } from '#accounts/errors.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'
import type { Clock } from '#shared/clock.ts'
import type { ErrandPlace, Errands } from './email-verification/email-verification.ts'
import { noticeOf } from '#sign-in/notice.ts'

export interface EmailAddress {
  readonly available: boolean
  /**
   * Sends a code and a link to `address`, which is the account's own or the one that it is to have; both work at
   * `place` alone. The same is said whether or not another account has the address. Throws TooManyMails and
   * TooManyAttempts (429), TypeError for an address that is none.
   */
  ask(
    place: ErrandPlace,
    request: { account: Account; address: string; language: string; path: IssuerPath },
    by: AuditContext,
  ): Promise<void>
  /** The address that a code was sent to from `place`. */
  asked(place: ErrandPlace, sub: string): Promise<string | undefined>
  /**
   * Takes the code, or the link's token: the account has the address, proven, and the old one is told. Undefined for
   * whatever reason it is refused. Throws TooManyAttempts (429). Audits account.updated.
   */
  confirm(
    place: ErrandPlace,
    given: { sub: string } & ({ code: string } | { token: string }),
    by: AuditContext,
  ): Promise<Account | undefined>
}

export interface EmailAddressDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read' | 'updateIn'>
  readonly errands: Errands
  readonly mail: Pick<Mail, 'enqueue'>
  readonly clock: Clock
}

export function createEmailAddress(deps: EmailAddressDeps): EmailAddress {
  const { errands } = deps

  async function proven(place: ErrandPlace, given: Parameters<EmailAddress['confirm']>[1], by: AuditContext) {
    if ('token' in given) return errands.proveByLink({ purpose: 'address', place, ...given }, by)
    const right = await errands.proveByCode(place, { purpose: 'address', code: given.code }, by)
    return right ? place : undefined
  }

  return {
    available: errands.available,
    ask: (place, { account, ...start }, by) =>
      errands.begin(place, { purpose: 'address', sub: account.sub, ...start }, by),
    async asked(place, sub) {
      const errand = await errands.find(place, 'address')
      return errand?.sub === sub ? errand.address : undefined
    },
    async confirm(place, given, by) {
      const where = await proven(place, given, by)
      return where === undefined ? undefined : change(deps, { place: where, sub: given.sub, by })
    },
  }
}

/** The old address is told of the new one, in the transaction that puts it in its place. */
async function change(
  { accounts, clock, db, errands, mail }: EmailAddressDeps,
  { place, sub, by }: { place: ErrandPlace; sub: string; by: AuditContext },
): Promise<Account | undefined> {
  const [errand, before] = await Promise.all([errands.find(place, 'address'), accounts.read(sub)])
  if (!errand || errand.sub !== sub || before?.status !== 'enabled') return undefined
  const { address: email } = errand
  try {
    return await db.transaction(async (trx) => {
      if (!(await errands.finish(trx, place, errand))) return undefined
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
