/** A protected resource (an API) and the service that keeps resources. */
import type { AuditContext } from '#audit/audit.ts'

export interface Scope {
  readonly name: string
  /** In words, for the consent page; the name itself where none was given. */
  readonly description: string | undefined
}

export interface Resource {
  /** The identifier exactly as registered: an absolute URI without fragment (RFC 8707 §2). */
  readonly identifier: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** JWT (RFC 9068) unless the resource wants opaque tokens. */
  readonly accessTokenFormat: 'jwt' | 'opaque'
  /** JWS algorithm of its access tokens. */
  readonly signingAlg: 'ES256' | 'RS256'
  /** Undefined: the server's default (5 minutes). */
  readonly accessTokenTtlSeconds: number | undefined
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface ResourceInput {
  readonly identifier: string
  readonly name?: string
  readonly scopes?: readonly (string | { name: string; description?: string })[]
  readonly accessTokenFormat?: string
  readonly signingAlg?: string
  readonly accessTokenTtlSeconds?: number | null
}

/** Errors: ResourceInvalid 400 (faults), ResourceNotFound 404, ResourceExists 409, VersionMismatch 412. */
export interface Resources {
  create(input: ResourceInput, by: AuditContext): Promise<Resource>
  read(identifier: string): Promise<Resource | undefined>
  /**
   * From the cache, by the registered identifier or another spelling of it: scheme and host are compared without
   * case, and one trailing slash is ignored.
   */
  find(identifier: string): Promise<Resource | undefined>
  list(query: { limit: number; cursor?: string }): Promise<{ items: Resource[]; nextCursor: string | null }>
  update(
    identifier: string,
    input: Partial<ResourceInput>,
    expectedVersion: number | undefined,
    by: AuditContext,
  ): Promise<Resource>
  remove(identifier: string, expectedVersion: number | undefined, by: AuditContext): Promise<void>
}
