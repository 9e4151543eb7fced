/** Defines the interface of passwords for pages and the admin API. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { Verifier } from '../sign-in-method.ts'
import type { PasswordOwner } from './password-policy.ts'

/** Does the same work for unknown identifiers as for known ones (ASVS 6.3.8). */
export interface Passwords extends Verifier<{
  readonly identifier: string
  readonly password: string
  /** The token that the browser kept from an earlier sign-in (KnownDevices). */
  readonly device?: string | undefined
  /** The person is signed in to the account, so neither guesses from elsewhere nor the address are asked. */
  readonly isSignedIn?: boolean
}> {
  /** Throws PasswordInvalid (400, faults) if a new password breaks a rule. */
  check(password: string, owner?: PasswordOwner): Promise<void>
  /** Returns when the current password was set, or undefined if there is none. */
  state(accountId: string): Promise<{ updatedAt: Date } | undefined>
  /**
   * Changes the password, given the current one (ASVS 6.2.3). Returns false if `current` is wrong, which counts as a
   * failed attempt. Throws PasswordInvalid, TooManyAttempts and SignInBusy. Audits password.changed; `within` runs in
   * the same transaction.
   */
  change(
    account: Account,
    passwords: { readonly current: string; readonly next: string },
    by: AuditContext,
    within?: (trx: Queryable) => Promise<void>,
  ): Promise<boolean>
  /** Sets a password after a proof by mail or invitation. Throws PasswordInvalid, SignInBusy. Audits password.reset. */
  reset(account: Account, next: string, by: AuditContext, within?: (trx: Queryable) => Promise<void>): Promise<void>
  /** Seals the hashes that an earlier release left in plain. Returns how many. */
  sealPlain(): Promise<number>
  /** Hashes the first password of a new account. The returned function stores it in the account's transaction. */
  prepare(
    password: string,
    /** `mustChange`: the person must choose another password at the next sign-in. */
    options?: { readonly mustChange?: boolean; readonly owner?: PasswordOwner },
  ): Promise<(trx: Queryable, accountId: string) => Promise<void>>
}
