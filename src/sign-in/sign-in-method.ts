/** What a sign-in method declares about itself: one row of the registry, and all that other rooms know of it. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import type { FormField } from '#http/csrf.ts'
import type { ContentSecurityPolicy } from '#http/security-headers.ts'
import type { Html } from '#pages/design/html.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { ProofDetail } from './proof-events.ts'

/** NIST SP 800-63B-4 §2: something known, something had, something that one is. */
export type FactorKind = 'knowledge' | 'possession' | 'inherence'

/** Who it is, and by what that was shown. */
export interface Proof {
  readonly account: Account
  /** The name of the method. */
  readonly method: string
  /** Authentication method references (RFC 8176 §2). */
  readonly amr: readonly string[]
}

/** What came of judging a proof. */
export interface Verdict {
  readonly account: Account | undefined
  /** Why the proof is refused; undefined where it is right. */
  readonly refusal: string | undefined
  /** Further facts for the audit log. */
  readonly detail?: ProofDetail
}

/** What a method is, apart from how it works. */
export interface MethodTraits {
  /** As it is named in audit events and on the account page. */
  readonly name: string
  /** What a proof by it shows. A method of two kinds is two factors by itself. */
  readonly kinds: readonly [FactorKind, ...FactorKind[]]
  readonly phishingResistant: boolean
  /** The `amr` of its proofs (RFC 8176 §2): values that all of them have, and values that some have besides. */
  readonly amr: { readonly always: readonly [string, ...string[]]; readonly sometimes?: readonly string[] }
  /** Whether a sign-in can begin with it: it finds the account by itself. */
  readonly first: boolean
  /**
   * When it is asked for after a first proof, of those who have it. `always`: in every sign-in. `instead`: whenever
   * another one is, in its place. `asked`: where `acr_values` wants more than was shown.
   */
  readonly second?: 'always' | 'instead' | 'asked'
  /** Attempts that share a counter are limited together. */
  readonly attemptCounter: string
  /** A query for the credentials of the account `$1`; none where nobody sets the method up. */
  readonly credentials?: string
  /** A query for those of them that their owner must replace, after a proof by them. */
  readonly mustReplace?: string
}

export interface SignInMethod extends MethodTraits {
  /** What the sign-in page shows of it. */
  offers?(view: OfferView): readonly Offer[] | Promise<readonly Offer[]>
  /** Pages of its own within a sign-in; the method is tried there, within its attempt limit. */
  readonly steps?: readonly MethodStep[]
  /** Removes what nobody can use any more; rows by table. */
  removeExpired?(): Promise<Readonly<Record<string, number>>>
}

/** What every method knows of the page that it is shown on. */
interface MethodView {
  readonly language: Language
  /** The hidden field of each form. */
  readonly csrfField: FormField
  /** Names the interaction: what is made for one is worth nothing in another. */
  readonly binding: string
  /** The address of a step, below the host. */
  pathOf(step: string): string
}

export interface OfferView extends MethodView {
  /** `primary` where nothing else is asked. */
  readonly kind: 'primary' | 'secondary'
  /** “Continue with …”, in the language of the page. */
  continueWith(name: string): Html
}

/** A button, link or form on the sign-in page. */
export interface Offer {
  readonly content: Html
  /** What the policy of the page must allow for it. */
  readonly policy?: ContentSecurityPolicy
}

export interface StepVisit extends MethodView {
  readonly query: URLSearchParams
  readonly by: AuditContext
}

export interface MethodPage {
  readonly title: string
  /** All of the page, its heading included. */
  readonly content: Html
  readonly policy?: ContentSecurityPolicy
  /** 200 where none is given. */
  readonly status?: number
}

/** One try to prove an account. */
export interface MethodAttempt {
  /** Whose attempts are counted: an account, or what was typed for one. Undefined: only the address is counted. */
  readonly who: string | undefined
  /** Must be safe to be called by many at once: what works once works for one of them. */
  judge(): Promise<Verdict>
  /** What is shown where the proof is refused, or has to wait. */
  readonly refused: MethodPage
}

export interface MethodStep {
  /** The last part of its path, which no other step has. */
  readonly path: string
  show(visit: StepVisit): Promise<MethodPage>
  /** What its form asks for, after the form was checked: another page, or an attempt. */
  answer(visit: StepVisit, form: Form): Promise<{ readonly page: MethodPage } | { readonly attempt: MethodAttempt }>
}

export interface Verifier<Attempt> {
  /** Whether the account can be proven this way. */
  isEnrolled(accountId: string): Promise<boolean>
  /**
   * `undefined` for whatever reason it is refused: a caller that says which tells strangers too much. Audits
   * sign_in.succeeded or sign_in.failed with `detail.method`. A disabled account is refused. What may be used once
   * counts once, however many ask at the same time. Throws TooManyAttempts (429) and SignInBusy (503).
   */
  verify(attempt: Attempt & { readonly clientId?: string }, by: AuditContext): Promise<Proof | undefined>
}
