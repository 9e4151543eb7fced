/** An upstream provider: an OpenID provider that vouches for people here, and the service that keeps them. */
import type { JWK } from 'jose'
import type { AuditContext } from '#audit/audit.ts'

/** How we show the provider who we are (OpenID Connect Core §9). */
export const AUTH_METHODS = ['private_key_jwt', 'client_secret_basic', 'client_secret_post'] as const
export type UpstreamAuthMethod = (typeof AUTH_METHODS)[number]

/** Which claim of the provider becomes which of ours; a claim that is not named is not taken. */
export type ClaimMapping = Readonly<Record<string, string>>

export interface Upstream {
  /** A short name for paths and the audit log; never changes. */
  readonly id: string
  /** As people know it. */
  readonly name: string
  /** Never changes: what a subject means depends on it (OpenID Connect Core §2). */
  readonly issuer: string
  readonly clientId: string
  readonly authMethod: UpstreamAuthMethod
  /** The public part of our key, to be registered there; undefined where a secret is used. */
  readonly publicJwk: JWK | undefined
  readonly scopes: readonly string[]
  readonly claims: ClaimMapping
  /** Whoever has an address of these domains is led there. */
  readonly domains: readonly string[]
  /** Whether people who were never here get an account. */
  readonly justInTime: boolean
  /** Whether a sign-out here leads on to a sign-out there. */
  readonly logout: boolean
  readonly enabled: boolean
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface UpstreamInput {
  readonly id: string
  readonly name?: string
  readonly issuer: string
  readonly clientId: string
  readonly authMethod?: string
  /** Is taken and never given out. */
  readonly clientSecret?: string
  readonly scopes?: readonly string[]
  readonly claims?: ClaimMapping
  readonly domains?: readonly string[]
  readonly justInTime?: boolean
  readonly logout?: boolean
  readonly enabled?: boolean
}

/** Errors: UpstreamInvalid 400 (faults), UpstreamNotFound 404, UpstreamExists 409 (id, domain), VersionMismatch 412. */
export interface Upstreams {
  /** Throws UpstreamInvalid for what `create`, or `update` of `before`, would refuse. */
  check(input: Partial<UpstreamInput>, before: Upstream | undefined): void
  /** With `private_key_jwt` a key is made, and its public part is in the answer. */
  create(input: UpstreamInput, by: AuditContext): Promise<Upstream>
  /** From PostgreSQL. */
  read(id: string): Promise<Upstream | undefined>
  /** In the order of their ids; there are few. */
  list(): Promise<Upstream[]>
  /** Those that are enabled, from the cache. */
  offered(): Promise<readonly Upstream[]>
  update(
    id: string,
    input: Partial<UpstreamInput>,
    expectedVersion: number | undefined,
    by: AuditContext,
  ): Promise<Upstream>
  /** Its links go with it. */
  remove(id: string, expectedVersion: number | undefined, by: AuditContext): Promise<void>
  /** The client secret, or the private JWK as JSON. */
  credential(id: string): Promise<string | undefined>
}
