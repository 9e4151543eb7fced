/** What a mail says before it is laid out as text and HTML, and what each template is told. */

/** A path below the issuer, with its query: the only kind of link a mail may carry. */
export type IssuerPath = `/${string}`

/** A change of how a person signs in. */
export const FACTOR_CHANGES = [
  'password_changed',
  'password_reset',
  'passkey_added',
  'passkey_removed',
  'totp_added',
  'totp_removed',
  'recovery_codes_made',
  'recovery_code_used',
  'email_changed',
  'upstream_linked',
  'upstream_unlinked',
] as const

export type FactorChange = (typeof FACTOR_CHANGES)[number]

/** Where and from what something was done, as the audit log has it. */
interface Origin {
  /** ISO 8601. */
  readonly at: string
  readonly address?: string
  readonly device?: string
}

interface OneTime {
  /** Digits; shown in groups of four. */
  readonly code: string
  readonly path: IssuerPath
  /** How long both work. */
  readonly minutes: number
}

export interface TemplateData {
  readonly verify_email: OneTime
  /** Without a code where the person waits on no page for it. */
  readonly reset_password: Omit<OneTime, 'code'> & Partial<Pick<OneTime, 'code'>>
  /** `name` of what was added or removed; `path` where the person sees to it. */
  readonly factor_changed: Origin & { readonly change: FactorChange; readonly name?: string; readonly path: IssuerPath }
  /** Somebody tried to register with this address; `path` leads to sign-in. */
  readonly account_exists: { readonly path: IssuerPath }
  /** `until`: ISO 8601. */
  readonly invitation: { readonly path: IssuerPath; readonly until: string; readonly invitedBy?: string }
  readonly account_deleted: Origin
}

export type TemplateName = keyof TemplateData

/** What every template may use besides its data. */
export interface Sender {
  readonly brand: string
  /** The issuer's host, as a reader recognises it. */
  readonly host: string
  link(path: IssuerPath): string
  /** A time as this language writes it. */
  date(iso: string): string
}

/** Plain text throughout; the layout escapes it. */
export interface Letter {
  readonly subject: string
  readonly heading: string
  readonly paragraphs: readonly string[]
  readonly facts?: readonly (readonly [label: string, value: string | undefined])[]
  readonly code?: string
  readonly action?: { readonly before?: string; readonly label: string; readonly url: string }
  readonly after?: string
  /** Why one received it. */
  readonly why: string
  /** What to do when it was not oneself. */
  readonly notYou: string
}

/** Every template in one language. */
export type Letters = {
  readonly [Name in TemplateName]: (data: TemplateData[Name], sender: Sender) => Letter
}
