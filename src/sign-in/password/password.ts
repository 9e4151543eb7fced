/** Password credentials: what interactions and the admin API see of them. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { Verifier } from '../sign-in-method.ts'
import type { PasswordOwner } from './password-policy.ts'

/** The same work is done for an unknown identifier as for a known one (ASVS 6.3.8). */
export interface Passwords extends Verifier<{
  readonly identifier: string
  readonly password: string
  /** What the browser kept of a sign-in before (KnownDevices). */
  readonly device?: string | undefined
}> {
  /** Throws PasswordInvalid (400, faults) when a new password is not good enough for its owner. */
  check(password: string, owner?: PasswordOwner): Promise<void>
  /** Since when it is the present one; undefined where there is none. */
  state(accountId: string): Promise<{ updatedAt: Date } | undefined>
  /**
   * Changes the password of who knows the present one (ASVS 6.2.3): false where `current` is wrong, which counts as an
   * attempt. Throws PasswordInvalid, TooManyAttempts and SignInBusy. Audits password.changed; `within` runs in its
   * transaction.
   */
  change(
    account: Account,
    passwords: { readonly current: string; readonly next: string },
    by: AuditContext,
    within?: (trx: Queryable) => Promise<void>,
  ): Promise<boolean>
  /** After a proof of another kind (a mail, an invitation). Throws PasswordInvalid, SignInBusy. Audits password.reset. */
  reset(account: Account, next: string, by: AuditContext, within?: (trx: Queryable) => Promise<void>): Promise<void>
  /** Hashes the first password of a new account; the returned function stores it within the account's transaction. */
  prepare(
    password: string,
    /** `mustChange`: the person is to choose another one at the next sign-in. */
    options?: { readonly mustChange?: boolean; readonly owner?: PasswordOwner },
  ): Promise<(trx: Queryable, accountId: string) => Promise<void>>
}
