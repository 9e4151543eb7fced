/** Password credentials: what interactions and the admin API see of them. */
import type { Queryable } from '#database/database.ts'
import type { LoginMethod } from '../login-method.ts'

/** The same work is done for an unknown identifier as for a known one (ASVS 6.3.8). */
export interface Passwords extends LoginMethod<{
  readonly identifier: string
  readonly password: string
  /** What the browser kept of a sign-in before (KnownDevices). */
  readonly device?: string | undefined
}> {
  /** Throws PasswordInvalid (400, faults) when a first password breaks the length rules: 8 to 256 characters. */
  check(password: string): void
  /** Hashes the first password of a new account; the returned function stores it within the account's transaction. */
  prepare(
    password: string,
    /** `mustChange`: the person is to choose another one at the next sign-in. */
    options?: { readonly mustChange?: boolean },
  ): Promise<(trx: Queryable, sub: string) => Promise<void>>
}
