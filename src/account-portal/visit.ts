/** Defines what every page of the room gets: the visitor, their session and how recent their proof is. */
import type { Context } from 'koa'
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import type { FormField } from '#http/csrf.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { BrowserSession } from '#oidc/sessions/browser-session.ts'
import type { Done, Problem } from './texts/texts.ts'

/** The pages, by the path segment after `/account`. */
export const SECTION_NAMES = [
  'overview',
  'profile',
  'email',
  'password',
  'passkeys',
  'authenticator',
  'recovery-codes',
  'linked',
  'sessions',
  'apps',
  'activity',
  'data',
  'lost',
  'requests',
] as const

export type SectionName = (typeof SECTION_NAMES)[number]

/** Where a page is, below `/account`: a section, or one of its items. */
export type Place = SectionName | `requests/${string}`

export interface Visit {
  readonly ctx: Context
  readonly session: BrowserSession
  readonly account: Account
  readonly language: Language
  /** The actor and origin, for audit events. */
  readonly by: AuditContext
  /** Whether the proofs are recent and strong enough for sensitive changes (ASVS 7.5.1). */
  readonly isFresh: boolean
  /** The name of the strongest method that the account has set up, if it is more than a first factor. */
  readonly strongest: string | undefined
  /** Records that the person proved a method on these pages. */
  readonly proved: (method: string) => Promise<void>
  /** The hidden field of every form of this visit. */
  readonly csrf: FormField
}

export interface FieldError {
  readonly field: string
  readonly message: string
}

/** The errors and values for a page that is shown again after its form. */
export interface ShownAgain {
  readonly status: number
  readonly problem?: Problem
  readonly errors?: readonly FieldError[]
  /** What was typed, without passwords. */
  readonly values?: Readonly<Record<string, string>>
}

/** The result of a form: what was done, or undefined if the request is already answered. */
export type Answer = Done | undefined

export interface Section {
  readonly name: SectionName
  /** Whether each of its items has a page of its own, whose path parameter is `item`. */
  readonly hasItems?: true
  /** Returns whether a form requires a recent proof. Without it, no form does. */
  isGuarded?(form: Form): boolean
  show(visit: Visit, again?: ShownAgain): Promise<void>
  /** Handles a form. If it returns what was done, a redirect (303) shows the page again with that message. */
  answer?(visit: Visit, form: Form): Promise<Answer>
}
