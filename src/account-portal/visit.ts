/** What every page of the room works with: who visits it, from where, and how sure we are that it is them. */
import type { Context } from 'koa'
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import type { FormField } from '#http/csrf.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { BrowserSession } from '#oidc/sessions/browser-session.ts'
import type { Done, Problem } from './texts/texts.ts'

/** The pages, by the segment of their path behind `/account`. */
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
] as const

export type SectionName = (typeof SECTION_NAMES)[number]

export interface Visit {
  readonly ctx: Context
  readonly session: BrowserSession
  readonly account: Account
  readonly language: Language
  /** For the events of what the person does. */
  readonly by: AuditContext
  /** Whether the last proof is young enough for what matters (ASVS 7.5.1). */
  readonly isFresh: boolean
  /** The hidden field of every form of this visit. */
  readonly csrf: FormField
}

export interface FieldError {
  readonly field: string
  readonly message: string
}

/** With what a page that was answered is shown again. */
export interface ShownAgain {
  readonly status: number
  readonly problem?: Problem
  readonly errors?: readonly FieldError[]
  /** What was typed, but for passwords. */
  readonly values?: Readonly<Record<string, string>>
}

/** What a form came to: nothing more to show (the request is answered), or something that was done. */
export type Answer = Done | undefined

export interface Section {
  readonly name: SectionName
  /** Which of its forms are answered after a fresh proof alone; none where it is left out. */
  isGuarded?(form: Form): boolean
  show(visit: Visit, again?: ShownAgain): Promise<void>
  /** What a form of the page asks; afterwards the page is shown by a 303, with what was done. */
  answer?(visit: Visit, form: Form): Promise<Answer>
}
