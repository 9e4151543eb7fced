/** Codes and links sent by mail: what other rooms see of them. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'

/** What a code is for; it is worth nothing for anything else. */
export type EmailCodePurpose = 'verify_email' | 'reset_password'

/** Between what a code was sent for and what it is presented for nothing may differ. */
interface Binding {
  readonly purpose: EmailCodePurpose
  /**
   * `verify_email`: the account that has the address or is to have it; undefined for somebody who registers.
   * `reset_password` finds the account by the address.
   */
  readonly accountId?: string
  /** Names the browser's interaction or session in which it was begun; where one is given, it works there alone. */
  readonly browser?: string
}

export interface SendRequest extends Binding {
  readonly address: string
  /** The person's language, as a BCP 47 tag. */
  readonly language: string
  /** The page that the link opens; `token` is added to its query. */
  readonly path: IssuerPath
  /** `reset_password`: the mail shows no code, for nobody waits for one. */
  readonly linkOnly?: boolean
}

export type RedeemRequest = Binding & ({ readonly address: string; readonly code: string } | { readonly token: string })

/** That whoever asks reads the mail of this address. */
export interface VerifiedEmail {
  readonly purpose: EmailCodePurpose
  readonly address: string
  /** Undefined for somebody who registers. */
  readonly account: Account | undefined
  /** Authentication methods (RFC 8176 §2). */
  readonly amr: readonly ['otp']
}

export interface EmailCodes {
  /** False where no mail leaves: what needs a code is off. */
  readonly available: boolean
  /**
   * Sends a code of eight digits and a link, both good once and for ten minutes, in the place of those before. The same
   * is said and done, in the same time, whether or not an account has the address: who registers with an address that
   * has one is told by mail, and who resets where there is none gets no mail. Audits email_code.requested. Throws
   * TooManyMails (429) after six mails to the address within an hour, TypeError for an address that is none.
   */
  send(request: SendRequest, by: AuditContext): Promise<void>
  /**
   * `undefined` for whatever reason it is refused. Audits email_code.accepted or email_code.refused. A code is looked at
   * five times at most; code and link count once, however many ask at the same time. Throws TooManyAttempts (429) where
   * too many were wrong from one place.
   */
  redeem(request: RedeemRequest, by: AuditContext): Promise<VerifiedEmail | undefined>
  /** What is of no use any more; rows by table, undefined when there were none. */
  removeExpired(): Promise<Record<string, number> | undefined>
}
