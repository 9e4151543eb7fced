/** The templates of mails: the data that each one needs, and the content that it returns for the layout. */

/** A path below the issuer, with its query. Links in mails are built from these only. */
export type IssuerPath = `/${string}`

/** A change to the ways in which a person signs in. */
export const FACTOR_CHANGES = [
  'password_changed',
  'password_reset',
  'invitation_accepted',
  'passkey_added',
  'passkey_removed',
  'passkey_changed',
  'totp_added',
  'totp_removed',
  'recovery_codes_made',
  'recovery_code_used',
  'totp_locked',
  'recovery_codes_locked',
  'email_changed',
  'lost_factor_requested',
  'upstream_linked',
  'upstream_unlinked',
] as const

export type FactorChange = (typeof FACTOR_CHANGES)[number]

/** When and from where a person did something, as in the audit log. */
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
  /** Lifetime of the code and the link. */
  readonly minutes: number
}

export interface TemplateData {
  readonly verify_email: OneTime
  /** Has no code when an administrator started the reset: no page waits for one. */
  readonly reset_password: Omit<OneTime, 'code'> & Partial<Pick<OneTime, 'code'>>
  /** A reset was asked for too soon after an administrator changed the address. `from`: ISO 8601. */
  readonly reset_later: { readonly from: string }
  /** Has no link: the person types the code on the page that waits for it. */
  readonly confirm_identity: Omit<OneTime, 'path'>
  /** `name` is that of the credential that was added or removed; `path` leads to the account pages. */
  readonly factor_changed: Origin & { readonly change: FactorChange; readonly name?: string; readonly path: IssuerPath }
  /** The account signed in with a browser that it is not known in; `path` leads to the account pages. */
  readonly new_browser: Origin & { readonly path: IssuerPath }
  /**
   * An app asks the person to sign in without a browser (CIBA). `message` is what the app shows too; `path` leads to the
   * page of the request, where nothing happens without a sign-in and a click.
   */
  readonly sign_in_request: {
    readonly app: string
    readonly message?: string
    /** ISO 8601. */
    readonly at: string
    readonly path: IssuerPath
    /** How long the request still waits. */
    readonly minutes: number
  }
  /** Somebody tried to register with an address that has an account; `path` leads to sign-in. */
  readonly account_exists: { readonly path: IssuerPath }
  /** `until`: ISO 8601. */
  readonly invitation: { readonly path: IssuerPath; readonly until: string; readonly invitedBy?: string }
  readonly account_deleted: Origin
}

export type TemplateName = keyof TemplateData

/** What every template can use in addition to its data. */
export interface TemplateContext {
  readonly brand: string
  /** The issuer's host, which readers recognise. */
  readonly host: string
  link(path: IssuerPath): string
  /** Formats an ISO 8601 time in the language of the mail. */
  date(iso: string): string
}

/** The content of one mail as plain text; the layout escapes it. */
export interface MailContent {
  readonly subject: string
  readonly heading: string
  readonly paragraphs: readonly string[]
  readonly facts?: readonly (readonly [label: string, value: string | undefined])[]
  readonly code?: string
  readonly action?: { readonly before?: string; readonly label: string; readonly url: string }
  readonly after?: string
  /** Why the person receives this mail. */
  readonly why: string
  /** What to do if somebody else caused it. */
  readonly notYou: string
}

/** All templates in one language. */
export type MailTemplates = {
  readonly [Name in TemplateName]: (data: TemplateData[Name], context: TemplateContext) => MailContent
}
