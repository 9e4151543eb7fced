/** Defines the interface of codes and links sent by mail. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'

/** What a code is for. It is not valid for anything else. */
export type EmailCodePurpose = 'verify_email' | 'reset_password' | 'confirm_identity'

/** Must be the same when a code is sent and when it is redeemed. */
interface Binding {
  readonly purpose: EmailCodePurpose
  /**
   * `verify_email`: the account that has the address or will get it; undefined for a registration.
   * `confirm_identity`: the account that has the address.
   * `reset_password` finds the account by the address.
   */
  readonly accountId?: string
  /** Names the interaction or session that asked for the code. If given, the code works only there. */
  readonly browser?: string
}

export interface SendRequest extends Binding {
  readonly address: string
  /** The person's language, as a BCP 47 tag. */
  readonly language: string
  /** The page that the link opens; `token` is added to its query. */
  readonly path: IssuerPath
  /** `reset_password`: the mail has no code, because no page is open to enter it. */
  readonly linkOnly?: boolean
}

export type RedeemRequest = Binding & ((TypedCode & { readonly address: string }) | { readonly token: string })

export interface TypedCode {
  readonly code: string
  /** The token that the browser kept from an earlier sign-in (KnownDevices). */
  readonly device?: string | undefined
  /** The person is signed in to the account, so attempts are not counted by address. */
  readonly isSignedIn?: boolean
}

/** Shows that the person reads the mail of this address. */
export interface VerifiedEmail {
  readonly purpose: EmailCodePurpose
  readonly address: string
  /** Undefined for a registration. */
  readonly account: Account | undefined
  /** Authentication methods (RFC 8176 §2). */
  readonly amr: readonly ['otp']
}

export interface EmailCodes {
  /** False if the server cannot send mail; everything that needs a code is then off. */
  readonly available: boolean
  /**
   * Sends a code of eight digits and a link, both valid once and for ten minutes. They replace earlier ones. The answer
   * and its time are the same whether or not an account has the address: a registration with a taken address sends a
   * notice to it, and a reset for an unknown address sends no mail. Audits email_code.requested. Throws TooManyMails
   * (429) after six mails to the address within an hour, and TypeError for an invalid address.
   */
  send(request: SendRequest, by: AuditContext): Promise<void>
  /**
   * Redeems a code or link. Returns undefined for every refusal. A code has at most five attempts. Code and link
   * succeed once, even under concurrent calls. Audits email_code.accepted or email_code.refused. Throws TooManyAttempts
   * (429) after too many wrong codes from one address, except for an account that signed in in this browser before.
   */
  redeem(request: RedeemRequest, by: AuditContext): Promise<VerifiedEmail | undefined>
  /** Deletes expired rows. Returns their number by table, or undefined if there were none. */
  removeExpired(): Promise<Record<string, number> | undefined>
}
