/** What every way to prove who one is has in common: one folder below `sign-in/` each, and a line in `methods.ts`. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'

/** Who it is, and by what that was shown. */
export interface Proof {
  readonly account: Account
  /** Authentication methods (RFC 8176 §2). */
  readonly amr: readonly string[]
}

export interface LoginMethod<Attempt> {
  /** As it is named in audit events and in the account page. */
  readonly name: string
  /** `identity`: finds the account by itself. `more`: proves more about an account that a first proof has found. */
  readonly proves: 'identity' | 'more'
  /** Whether the account can be proven this way. */
  isEnrolled(sub: string): Promise<boolean>
  /**
   * `undefined` for whatever reason it is refused: a caller that says which tells strangers too much. Audits
   * sign_in.succeeded or sign_in.failed with `detail.method`. A disabled account is refused. What may be used once
   * counts once, however many ask at the same time. Throws TooManyAttempts (429) and SignInBusy (503).
   */
  verify(attempt: Attempt & { readonly clientId?: string }, by: AuditContext): Promise<Proof | undefined>
}
