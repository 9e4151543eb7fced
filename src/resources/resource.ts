/** The types of resources (APIs) and of the service that stores them. */
import type { AuditContext } from '#audit/audit.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'
import type { DetailsType } from './authorization-details.ts'

export interface Scope {
  readonly name: string
  /** The description for the consent page; undefined to show the name. */
  readonly description: string | undefined
}

export interface Resource {
  /** The identifier exactly as registered: an absolute URI without fragment (RFC 8707 §2). */
  readonly identifier: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /**
   * The scopes that clients may ask for although no administrator has allowed it to them: clients that registered
   * themselves, and client documents. Empty: such clients get no tokens for this resource.
   */
  readonly openScopes: readonly string[]
  /** The format of its access tokens: JWT (RFC 9068), the default, or opaque. */
  readonly accessTokenFormat: 'jwt' | 'opaque'
  /**
   * The header `typ` of its JWT access tokens: `at+jwt` (RFC 9068 §2.1), or `JWT` for APIs that accept nothing else. RFC
   * 8725 §3.11: only a type of their own keeps other kinds of JWT from passing for access tokens.
   */
  readonly accessTokenTyp: 'at+jwt' | 'JWT'
  /** The JWS algorithm of its access tokens. */
  readonly signingAlg: 'ES256' | 'RS256'
  /** The authorization details that may be asked for it (RFC 9396). */
  readonly detailsTypes: readonly DetailsType[]
  /** Lifetime of its access tokens; undefined for the server's default (5 minutes). */
  readonly accessTokenTtlSeconds: number | undefined
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface ResourceInput {
  readonly identifier: string
  readonly name?: string
  readonly scopes?: readonly (string | { name: string; description?: string })[]
  readonly openScopes?: readonly string[]
  readonly accessTokenFormat?: string
  readonly accessTokenTyp?: string
  readonly signingAlg?: string
  readonly detailsTypes?: readonly DetailsType[]
  readonly accessTokenTtlSeconds?: number | null
}

/** Errors: ResourceInvalid 400 (faults), ResourceNotFound 404, ResourceExists 409, VersionMismatch 412. */
export interface Resources {
  create(input: ResourceInput, by: AuditContext): Promise<Resource>
  read(identifier: string): Promise<Resource | undefined>
  /**
   * Returns a resource from the cache, by its identifier or an equivalent spelling: scheme and host are
   * case-insensitive, and one trailing slash is ignored.
   */
  find(identifier: string): Promise<Resource | undefined>
  /** Returns the types of authorization details of all resources, from a cache. */
  allDetailsTypes(): Promise<readonly string[]>
  list(query: { limit: number; cursor?: string }): Promise<{ items: Resource[]; nextCursor: string | null }>
  /** Returns the identifiers of the first resources with open scopes, from a cache. */
  open(): Promise<readonly string[]>
  update(
    identifier: string,
    input: Partial<ResourceInput>,
    expectedVersion: ExpectedVersion,
    by: AuditContext,
  ): Promise<Resource>
  remove(identifier: string, expectedVersion: ExpectedVersion, by: AuditContext): Promise<void>
}
