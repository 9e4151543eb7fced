/** Defines the interface of e-mail verifications for other rooms. */
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'
import type { TypedCode } from '../email-code/email-code.ts'

/**
 * `register`: create an account. `reset`: set a new password. `address`: verify an account's address or a new one.
 * `identity`: show that the account's owner is here now.
 */
export type VerificationPurpose = 'register' | 'reset' | 'address' | 'identity'

/** The verification was spent, or the account's links have ended. */
export class VerificationSpent extends Error {}

/** Where a verification runs: `interaction <uid>`, `session <uid>`, or the ticket that a link was exchanged for. */
export type VerificationHandle = string

/** A verification: its mail was requested, or its address is already proven. */
export interface EmailVerification {
  readonly purpose: VerificationPurpose
  readonly address: string
  readonly proven: boolean
  /** The account whose address was proven (`reset`) or will be (`address`). */
  readonly sub: string | undefined
  /** The account's links version when the address was proven. */
  readonly mailLinksVersion?: number | undefined
  /** The sealed value as stored. Finishing requires that it has not changed. */
  readonly seal: Buffer
}

export interface VerificationStart {
  readonly purpose: VerificationPurpose
  readonly address: string
  /** The person's language, as a BCP 47 tag. */
  readonly language: string
  /** The page that the mail's link opens. `at` and `token` are added to its query. */
  readonly path: IssuerPath
  /** `address`, `identity`: the account. */
  readonly accountId?: string
}

/** The content of a link that was opened. */
export interface OpenedLink {
  readonly purpose: VerificationPurpose
  readonly token: string
  /** The query's `at`, for a link that works in any browser. */
  readonly at?: string | undefined
  /** The handle that asked for it, for a link that works only there. */
  readonly handle?: VerificationHandle
  /** `address`: the account. */
  readonly accountId?: string
}

export interface EmailVerifications {
  /** False if the server cannot send mail; verifications are then not offered. */
  readonly available: boolean
  /**
   * Sends the mail and stores the address. The answer and its time are the same whether or not an account has the
   * address. Throws TooManyMails and TooManyAttempts (429), and TypeError for an invalid address.
   */
  begin(handle: VerificationHandle, start: VerificationStart, by: AuditContext): Promise<void>
  /** Returns the verification; undefined if there is none for this purpose or it has expired. */
  find(handle: VerificationHandle, purpose: VerificationPurpose): Promise<EmailVerification | undefined>
  /** Proves the address by the mail's code. Returns false for every refusal. Throws TooManyAttempts (429). */
  proveByCode(
    handle: VerificationHandle,
    given: TypedCode & { readonly purpose: VerificationPurpose },
    by: AuditContext,
  ): Promise<boolean>
  /**
   * Proves the address by the mail's link. Returns the handle of the proven verification, which is a new ticket if the
   * link has no handle. Returns undefined for every refusal. A reset that an administrator started has no `at`.
   */
  proveByLink(link: OpenedLink, by: AuditContext): Promise<VerificationHandle | undefined>
  /**
   * Spends a proven verification and ends all links of its account, in the transaction of what it allows. Throws
   * VerificationSpent, which rolls back the transaction, if a concurrent call has spent it or the account's links have
   * ended since.
   */
  finish(trx: Queryable, handle: VerificationHandle, verification: EmailVerification): Promise<void>
  forget(handle: VerificationHandle): Promise<void>
  removeExpired(): Promise<number>
}
