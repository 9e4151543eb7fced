/**
 * The shape of an upstream provider, and the interface of the service that stores them. People can sign in with these
 * OpenID providers.
 */
import type { JWK } from 'jose'
import type { AuditContext } from '#audit/audit.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'

/** How we authenticate at the provider (OpenID Connect Core §9). */
export const AUTH_METHODS = ['private_key_jwt', 'client_secret_basic', 'client_secret_post'] as const
/** `signed_client_secret`: the client secret is a JWT that is signed for each request, as Apple wants it. */
export type UpstreamAuthMethod = (typeof AUTH_METHODS)[number] | 'signed_client_secret'

/** How a provider sends its answer: in the URL, or as a form (OAuth 2.0 Form Post Response Mode). */
export const RESPONSE_MODES = ['query', 'form_post'] as const
export type ResponseMode = (typeof RESPONSE_MODES)[number]

/** Maps our claims to those of the provider. Claims that are not mapped are ignored. */
export type ClaimMapping = Readonly<Record<string, string>>

export interface Upstream {
  /** A short name for paths and the audit log; never changes. */
  readonly id: string
  /** The display name. */
  readonly name: string
  /** The name of the preset that it was added with; never changes. */
  readonly preset: string | undefined
  /** What the administrator gave for the preset. */
  readonly presetValues: Readonly<Record<string, string>>
  /** Never changes, because subjects are unique only within an issuer (OpenID Connect Core §2). */
  readonly issuer: string
  readonly clientId: string
  readonly authMethod: UpstreamAuthMethod
  /** The public part of our key, to register at the provider; undefined when a secret is used. */
  readonly publicJwk: JWK | undefined
  readonly scopes: readonly string[]
  readonly claims: ClaimMapping
  /** E-mail domains whose people are sent to this provider. */
  readonly domains: readonly string[]
  /** Whether an address counts as verified if the provider does not say whether it is (no `email_verified`). */
  readonly trustEmail: boolean
  readonly responseMode: ResponseMode
  /**
   * Whether answers come to a redirect URI of this provider alone (RFC 9700 §4.4). Providers that were added before
   * there was one share theirs until an administrator changes that.
   */
  readonly ownRedirect: boolean
  /** Whether people without an account here get one. */
  readonly justInTime: boolean
  /** Whether sign-out here continues with sign-out at the provider. */
  readonly logout: boolean
  readonly enabled: boolean
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface UpstreamInput {
  readonly id: string
  readonly name?: string
  /** Null means none, as the admin API shows it. */
  readonly preset?: string | null
  readonly presetValues?: Readonly<Record<string, string>>
  /** Follows from the preset, if there is one. */
  readonly issuer?: string
  readonly clientId: string
  readonly authMethod?: string
  /** Write-only: the server never returns it. */
  readonly clientSecret?: string
  /** The key for `signed_client_secret`, in PEM. Write-only. */
  readonly privateKey?: string
  readonly scopes?: readonly string[]
  readonly claims?: ClaimMapping
  readonly domains?: readonly string[]
  readonly trustEmail?: boolean
  readonly responseMode?: string
  readonly ownRedirect?: boolean
  readonly justInTime?: boolean
  readonly logout?: boolean
  readonly enabled?: boolean
}

/** Errors: UpstreamInvalid 400 (faults), UpstreamNotFound 404, UpstreamExists 409 (id, domain), VersionMismatch 412. */
export interface Upstreams {
  /** Throws UpstreamInvalid for input that `create`, or `update` of `before`, would refuse. */
  check(input: Partial<UpstreamInput>, before: Upstream | undefined): void
  /** Adds a provider. With `private_key_jwt` it generates a key, and the result contains the public part. */
  create(input: UpstreamInput, by: AuditContext): Promise<Upstream>
  /** Reads a provider from PostgreSQL. */
  read(id: string): Promise<Upstream | undefined>
  /** Lists all providers by id, without paging since there are few. */
  list(): Promise<Upstream[]>
  /** Returns the enabled providers, from the cache. */
  offered(): Promise<readonly Upstream[]>
  update(
    id: string,
    input: Partial<UpstreamInput>,
    expectedVersion: ExpectedVersion,
    by: AuditContext,
  ): Promise<Upstream>
  /** Deletes a provider and its links. */
  remove(id: string, expectedVersion: ExpectedVersion, by: AuditContext): Promise<void>
  /** Returns the client secret, or the private JWK as JSON. */
  credential(id: string): Promise<string | undefined>
}
