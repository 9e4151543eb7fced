/** What people do with the help of a mail: what other rooms see of it. */
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'

/** `register`: make an account. `reset`: choose a new password. `address`: prove the address of an account, or another one. */
export type VerificationPurpose = 'register' | 'reset' | 'address'

/** Where a verification is done: `interaction <uid>`, `session <uid>`, or the ticket that a link was changed for. */
export type VerificationHandle = string

/** The mail was asked for, or the address is proven already. */
export interface EmailVerification {
  readonly purpose: VerificationPurpose
  readonly address: string
  readonly proven: boolean
  /** Whose address was proven (`reset`), or whose is to be (`address`). */
  readonly sub: string | undefined
  /** As it stands at rest: whoever finishes it means this very one. */
  readonly seal: Buffer
}

export interface VerificationStart {
  readonly purpose: VerificationPurpose
  readonly address: string
  /** The person's language, as a BCP 47 tag. */
  readonly language: string
  /** The page that the link of the mail opens; its query gets `at` and `token`. */
  readonly path: IssuerPath
  /** `address`: the account. */
  readonly accountId?: string
}

/** What a link brings. */
export interface OpenedLink {
  readonly purpose: VerificationPurpose
  readonly token: string
  /** The query's `at`, for a link that works in whatever browser. */
  readonly at?: string | undefined
  /** Where it was asked for, for a link that works there alone. */
  readonly handle?: VerificationHandle
  /** `address`: the account. */
  readonly accountId?: string
}

export interface EmailVerifications {
  /** False where no mail leaves: nothing of this is offered then. */
  readonly available: boolean
  /**
   * Sends the mail and remembers the address. Answers the same, in the same time, whoever has the address or nobody.
   * Throws TooManyMails and TooManyAttempts (429), and TypeError for an address that is none.
   */
  begin(handle: VerificationHandle, start: VerificationStart, by: AuditContext): Promise<void>
  /** Undefined where there is none of this purpose, or it took too long. */
  find(handle: VerificationHandle, purpose: VerificationPurpose): Promise<EmailVerification | undefined>
  /** By the code of the mail. False for whatever reason it is refused. Throws TooManyAttempts (429). */
  proveByCode(
    handle: VerificationHandle,
    given: { purpose: VerificationPurpose; code: string },
    by: AuditContext,
  ): Promise<boolean>
  /**
   * By the link of the mail: the handle of a verification that is proven, which is a ticket where none was given. Undefined for
   * whatever reason it is refused; a reset that an administrator began has no `at`. Throws TooManyAttempts (429).
   */
  proveByLink(link: OpenedLink, by: AuditContext): Promise<VerificationHandle | undefined>
  /** Spends a proven verification in the transaction of what it allows: true once, however many ask at the same time. */
  finish(trx: Queryable, handle: VerificationHandle, verification: EmailVerification): Promise<boolean>
  forget(handle: VerificationHandle): Promise<void>
  removeExpired(): Promise<number>
}
