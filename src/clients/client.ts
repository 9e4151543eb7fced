/** A client as the rooms know it, and the service that keeps clients. */
import type { JsonWebKey } from 'node:crypto'
import type { AuditContext } from '#audit/audit.ts'
import type { Profile } from './profiles.ts'

/** Which scopes of a protected resource a client may have. */
export interface Allowance {
  readonly resource: string
  readonly scopes: readonly string[]
}

/** The usable keys of a document behind a `jwks_uri`. */
export interface PublishedKeys {
  readonly keys: readonly PublicJwk[]
  readonly fetchedAt: Date
  /** Until then nobody needs to ask again. */
  readonly freshUntil: Date
}

/** A public key that was checked (RFC 7517). */
export type PublicJwk = JsonWebKey & { readonly kid?: string }

/** Who made a client: an administrator, the client itself (RFC 7591), or the document behind its client_id. */
export type ClientOrigin = 'administrator' | 'registration' | 'document'

export interface Client {
  readonly id: string
  readonly origin: ClientOrigin
  readonly profile: Profile
  readonly status: 'enabled' | 'disabled'
  /**
   * The members of `members/registry.ts`, validated and completed by the profile; without client_id, client_secret and
   * scope. A member at its default is absent.
   */
  readonly metadata: Readonly<Record<string, unknown>>
  /** OpenID scopes it may ask for (`openid profile email offline_access …`). */
  readonly openidScopes: readonly string[]
  readonly allowances: readonly Allowance[]
  /** The resource meant when a request names none. */
  readonly defaultResource: string | undefined
  /** SHA-256 digests of the secrets that are valid now. */
  readonly secretDigests: readonly Buffer[]
  /** The `kid` by thumbprint (RFC 7638) of keys that are refused, whatever its documents show. */
  readonly revokedKeys: ReadonlyMap<string, string | null>
  /** What its `jwks_uri` answered last, to whichever node; undefined before that. */
  readonly publishedKeys: PublishedKeys | undefined
  /** Grows with each change; the ETag of the admin API. */
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** What a caller gives to make or change a client; every member is checked and all faults are told at once. */
export interface ClientInput {
  readonly profile: unknown
  /** RFC 7591 members and `signet_*`. */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly allowances?: readonly Allowance[]
  readonly defaultResource?: string | null
  /** A chosen id (`[A-Za-z0-9._-]{1,64}`, only from the server itself); a random one otherwise. */
  readonly id?: string
}

/** A client to be made. */
export interface NewClient extends ClientInput {
  readonly origin: ClientOrigin
}

/** What a change replaces, or how that follows from the client as it is now. */
export type ClientUpdate = Partial<ClientInput> | ((before: Client) => Partial<ClientInput>)

export interface Page<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
}

export interface ClientSecret {
  readonly id: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
}

/** Errors: ClientMetadataError 400 (faults), ClientNotFound 404, ClientExists 409, VersionMismatch 412. */
export interface Clients {
  /** `secret` is given once, for clients that authenticate by one. */
  create(input: NewClient, by: AuditContext): Promise<{ client: Client; secret?: string }>
  /** From PostgreSQL. */
  read(id: string): Promise<Client | undefined>
  /** From the cache: at most `maxAgeMs` old, usually fresh to the notification. Disabled clients are returned too. */
  find(id: string): Promise<Client | undefined>
  list(query: { limit: number; cursor?: string }): Promise<Page<Client>>
  /** Replaces the members given; `expectedVersion` undefined means whatever version there is. */
  update(id: string, update: ClientUpdate, expectedVersion: number | undefined, by: AuditContext): Promise<Client>
  setStatus(
    id: string,
    status: Client['status'],
    expectedVersion: number | undefined,
    by: AuditContext,
  ): Promise<Client>
  remove(id: string, expectedVersion: number | undefined, by: AuditContext): Promise<void>
  addSecret(id: string, by: AuditContext): Promise<{ secret: ClientSecret; value: string }>
  listSecrets(id: string): Promise<ClientSecret[]>
  revokeSecret(id: string, secretId: string, by: AuditContext): Promise<void>
  /** Adds a public key beside those in its metadata, where there are such; its thumbprint (RFC 7638). */
  addKey(id: string, jwk: unknown, by: AuditContext): Promise<string>
  /** Refuses every key named so (`kid` or thumbprint) for good, whatever its documents show. */
  revokeKey(id: string, name: string, by: AuditContext): Promise<void>
}
