/** Defines what a sign-in method declares. Other rooms know nothing else about it. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import type { FormField } from '#http/csrf.ts'
import type { ContentSecurityPolicy } from '#http/security-headers.ts'
import type { Html } from '#pages/design/html.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { ProofDetail } from './proof-events.ts'

/** Something a person knows, has, or is (NIST SP 800-63B-4 §2). */
export type FactorKind = 'knowledge' | 'possession' | 'inherence'

/** A proven account and how it was proven. */
export interface Proof {
  readonly account: Account
  /** The name of the method. */
  readonly method: string
  /** Authentication method references (RFC 8176 §2). */
  readonly amr: readonly string[]
  /**
   * When the person proved it, in epoch seconds: now if omitted. `unknown`: it shows who they are, but not that they
   * are here now.
   */
  readonly provenAt?: number | 'unknown'
}

/** The result of checking a proof. */
export interface Verdict {
  readonly account: Account | undefined
  /** Why the proof is refused; undefined if it is right. */
  readonly refusal: string | undefined
  /** Extra detail for the audit event. */
  readonly detail?: ProofDetail
}

/** The properties of a method, without its behavior. */
export interface MethodTraits {
  /** The method's name in audit events and on the account page. */
  readonly name: string
  /** The kinds of proof it provides. A method with two kinds counts as two factors. */
  readonly kinds: readonly [FactorKind, ...FactorKind[]]
  readonly phishingResistant: boolean
  /** The `amr` values of its proofs (RFC 8176 §2): those that every proof has, and those that only some have. */
  readonly amr: { readonly always: readonly [string, ...string[]]; readonly sometimes?: readonly string[] }
  /** Whether a sign-in can start with it, because it identifies the account. */
  readonly first: boolean
  /** Whether another server checks the proof, so that it may be older than the answer that tells of it. */
  readonly remote?: true
  /**
   * When a person who has set it up is asked for it after the first proof. `always`: in every sign-in. `instead`:
   * whenever another method is asked for, as an alternative. `asked`: if `acr_values` requires more.
   */
  readonly second?: 'always' | 'instead' | 'asked'
  /**
   * Methods with the same counter share one attempt limit. Omitted if nobody can guess a proof: then nothing is counted,
   * and nothing can be locked out.
   */
  readonly attemptCounter?: string
  /** A query for the credentials of the account `$1`. Omitted if people do not set the method up. */
  readonly credentials?: string
  /** A query for the credentials that the person must replace after using them. */
  readonly mustReplace?: string
}

export interface SignInMethod extends MethodTraits {
  /** Returns the method's parts of the sign-in page. */
  offers?(view: OfferView): readonly Offer[] | Promise<readonly Offer[]>
  /** The method's own pages within a sign-in. Attempts made there count towards its attempt limit. */
  readonly steps?: readonly MethodStep[]
  /** Deletes expired rows. Returns their number by table. */
  removeExpired?(): Promise<Readonly<Record<string, number>>>
}

/** What each method gets to know about the page. */
interface MethodView {
  readonly language: Language
  /** The hidden CSRF field of each form. */
  readonly csrfField: FormField
  /** Names the interaction. What is made for one interaction is not valid in another. */
  readonly binding: string
  /** Returns the path of a step. */
  pathOf(step: string): string
}

export interface OfferView extends MethodView {
  /** `primary` if this is the main action of the page. */
  readonly kind: 'primary' | 'secondary'
  /** “Continue with …”, in the language of the page. */
  continueWith(name: string): Html
}

/** A button, link or form on the sign-in page. */
export interface Offer {
  readonly content: Html
  /** What the page's content security policy must allow for it. */
  readonly policy?: ContentSecurityPolicy
}

export interface StepVisit extends MethodView {
  readonly query: URLSearchParams
  readonly by: AuditContext
}

export interface MethodPage {
  readonly title: string
  /** The whole page, with its heading. */
  readonly content: Html
  readonly policy?: ContentSecurityPolicy
  /** The HTTP status; 200 by default. */
  readonly status?: number
}

/** One attempt to prove an account. */
export interface MethodAttempt {
  /** The account, or the identifier as typed, whose attempts count. Undefined: only attempts from the address count. */
  readonly who: string | undefined
  /** Checks the proof. Must be safe under concurrent calls: a proof that is valid once succeeds for one of them. */
  judge(): Promise<Verdict>
  /** The page to show if the proof is refused or must wait. */
  readonly refused: MethodPage
}

export interface MethodStep {
  /** The last part of its path; unique among all steps. */
  readonly path: string
  show(visit: StepVisit): Promise<MethodPage>
  /** Handles the form, which was checked already. Returns another page or an attempt. */
  answer(visit: StepVisit, form: Form): Promise<{ readonly page: MethodPage } | { readonly attempt: MethodAttempt }>
}

/** A code that is asked for after the first proof. */
export interface SecondFactorCode {
  readonly accountId: string
  readonly code: string
  /** The token that the browser kept from an earlier sign-in (KnownDevices). */
  readonly device?: string | undefined
  /** The person is signed in to the account, so neither guesses from elsewhere nor the address are asked. */
  readonly isSignedIn?: boolean
}

export interface Verifier<Attempt> {
  /** Returns whether the account can be proven with this method. */
  isEnrolled(accountId: string): Promise<boolean>
  /**
   * Checks a proof. Returns undefined for every refusal, so that callers cannot reveal the reason. Refuses disabled
   * accounts. A single-use proof succeeds once, even under concurrent calls. Audits sign_in.succeeded or sign_in.failed
   * with `detail.method`. Throws TooManyAttempts (429) and SignInBusy (503).
   */
  verify(attempt: Attempt & { readonly clientId?: string }, by: AuditContext): Promise<Proof | undefined>
}
