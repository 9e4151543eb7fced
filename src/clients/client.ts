/** The shape of a client, and the interface of the service that stores clients. */
import type { JsonWebKey } from 'node:crypto'
import type { AuditContext } from '#audit/audit.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'
import type { Profile } from './profiles.ts'

/** A resource and the scopes of it that a client may ask for. */
export interface Allowance {
  readonly resource: string
  readonly scopes: readonly string[]
}

/** The usable keys that a client publishes at its `jwks_uri`. */
export interface PublishedKeys {
  readonly keys: readonly PublicJwk[]
  readonly fetchedAt: Date
  /** Until then the keys need no new fetch. */
  readonly freshUntil: Date
}

/** Keys that were just fetched. */
export interface FetchedKeys extends PublishedKeys {
  /** How many keys of the document come after those that are read. */
  readonly ignored: number
}

/** What is known of the document behind a client id. */
export interface KnownDocument {
  /** When it was last received or confirmed. */
  readonly fetchedAt: Date | null
  /** From then on it is fetched again. */
  readonly nextAt: Date
  /** When its redirect URIs, name or keys last changed: earlier consent no longer counts. */
  readonly consentSince: Date | null
}

/** A public key that has been checked (RFC 7517). */
export type PublicJwk = JsonWebKey & { readonly kid?: string }

/** Who made a client: an administrator, the client itself (RFC 7591), or the document behind its client_id. */
export type ClientOrigin = 'administrator' | 'registration' | 'document'

export interface Client {
  readonly id: string
  readonly origin: ClientOrigin
  readonly profile: Profile
  readonly status: 'enabled' | 'disabled'
  /**
   * Members of `members/registry.ts`, validated and completed from the profile, without client_id, client_secret and
   * scope. A member that has its default value is absent.
   */
  readonly metadata: Readonly<Record<string, unknown>>
  /** OpenID scopes that it may ask for (`openid profile email offline_access …`). */
  readonly openidScopes: readonly string[]
  readonly allowances: readonly Allowance[]
  /** The resource of a request that names none. */
  readonly defaultResource: string | undefined
  /** SHA-256 digests of the secrets that are valid now. */
  readonly secretDigests: readonly Buffer[]
  /** Revoked keys: `kid` by thumbprint (RFC 7638). They are refused even if the client still publishes them. */
  readonly revokedKeys: ReadonlyMap<string, string | null>
  /** The keys that any node fetched last from its `jwks_uri`; undefined before the first successful fetch. */
  readonly publishedKeys: PublishedKeys | undefined
  /** Only for a client with the origin `document`, once its document was fetched. */
  readonly document?: KnownDocument
  /** Incremented by each change. The admin API sends it as the ETag. */
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Input to create or change a client. Every member is checked, and all faults are reported at once. */
export interface ClientInput {
  readonly profile: unknown
  /** RFC 7591 members and `signet_*`. */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly allowances?: readonly Allowance[]
  readonly defaultResource?: string | null
  /** A chosen id; random when absent. */
  readonly id?: string
}

/** Input to create a client. */
export interface NewClient extends ClientInput {
  readonly origin: ClientOrigin
}

/** The members that a change replaces, or a function that returns them for the current client. */
export type ClientUpdate = Partial<ClientInput> | ((before: Client) => Partial<ClientInput>)

export interface Page<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
}

export interface ClientQuery {
  readonly limit: number
  readonly cursor?: string
  /** Lists only clients of this origin. */
  readonly origin?: ClientOrigin | undefined
}

export interface ClientSecret {
  readonly id: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
}

/**
 * Errors: ClientMetadataError 400 (faults); ClientNotFound, ClientNotBlocked 404; ClientExists, ClientIdDeleted, LastAdministrator 409;
 * VersionMismatch 412.
 */
export interface Clients {
  /** Creates a client. `secret` is returned only here, for clients that authenticate with one. */
  create(input: NewClient, by: AuditContext): Promise<{ client: Client; secret?: string }>
  /** Reads a client from PostgreSQL. */
  read(id: string): Promise<Client | undefined>
  /**
   * Reads a client from the cache, also when it is disabled. Notifications refresh the cache at once; without them an
   * entry is at most `maxAgeMs` old.
   */
  find(id: string): Promise<Client | undefined>
  list(query: ClientQuery): Promise<Page<Client>>
  /** Replaces the given members. `expectedVersion` undefined accepts any version. */
  update(id: string, update: ClientUpdate, expectedVersion: ExpectedVersion, by: AuditContext): Promise<Client>
  setStatus(id: string, status: Client['status'], expectedVersion: ExpectedVersion, by: AuditContext): Promise<Client>
  /** Deletes a client. An app that registered itself, or that is a document, stays blocked. */
  remove(id: string, expectedVersion: ExpectedVersion, by: AuditContext): Promise<void>
  /** Lets an app of which the client was deleted come back. */
  unblock(id: string, by: AuditContext): Promise<void>
  addSecret(id: string, by: AuditContext): Promise<{ secret: ClientSecret; value: string }>
  listSecrets(id: string): Promise<ClientSecret[]>
  revokeSecret(id: string, secretId: string, by: AuditContext): Promise<void>
  /** Adds a public key to those in the client's metadata, and returns its thumbprint (RFC 7638). */
  addKey(id: string, jwk: unknown, by: AuditContext): Promise<string>
  /** Revokes every key with this `kid` or thumbprint permanently, even if the client still publishes it. */
  revokeKey(id: string, name: string, by: AuditContext): Promise<void>
}
