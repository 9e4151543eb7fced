/** The registration of clients by themselves (RFC 7591) and their management (RFC 7592): types and services. */
import type { AuditContext } from '#audit/audit.ts'
import type { Client } from '../client.ts'
import type { PolicyInput, RegistrationPolicy } from './policy.ts'

/** The settings of registration. */
export interface RegistrationSettings {
  readonly mode: 'off' | 'token' | 'open'
  readonly unused_days: number
  readonly schemes: readonly string[]
  readonly software_statement_issuers: readonly StatementIssuer[]
}

/** Who may sign software statements (RFC 7591 §2.3). */
export interface StatementIssuer {
  readonly issuer: string
  readonly jwks_uri: string
}

/** Client metadata as a client sent it. */
export type Metadata = Readonly<Record<string, unknown>>

/** Who sends a request, and how its writes are counted. */
export interface Registrant {
  readonly by: AuditContext
  /** Counts bytes that a stranger makes the server store. Throws TooMuchWritten 429. */
  readonly charge: (bytes: number) => void
}

/** A client as it is told about itself. */
export interface Registered {
  readonly client: Client
  /** Only when it was just made. */
  readonly secret?: string | undefined
  /** The registration access token; undefined for a client that others may share. */
  readonly token?: string | undefined
  /** Redirect URIs of this registration, if they differ from those of the client by loopback ports only. */
  readonly redirectUris?: readonly string[] | undefined
  /** RFC 7591 §3.2.1: a software statement that was used is returned unmodified. */
  readonly statement?: string | undefined
}

/**
 * Errors: RegistrationRefused 400, 401 or 403; ClientMetadataError 400 (faults); TooMuchWritten 429; LastAdministrator
 * 409.
 */
export interface Registration {
  /** Registers a client. `token`: an initial access token. */
  register(metadata: Metadata, token: string | undefined, registrant: Registrant): Promise<Registered>
  /** Returns a client to the holder of its registration access token. */
  read(id: string, token: string | undefined): Promise<Registered>
  /** Replaces the metadata of a client (RFC 7592 §2.2), and its registration access token by a new one. */
  replace(id: string, token: string | undefined, metadata: Metadata, registrant: Registrant): Promise<Registered>
  remove(id: string, token: string | undefined, registrant: Registrant): Promise<void>
}

/** A token with which clients register, without its value. */
export interface InitialAccessToken {
  readonly id: string
  readonly name: string | undefined
  readonly policy: RegistrationPolicy
  /** How many clients may register with it; undefined for no limit. */
  readonly maxUses: number | undefined
  readonly uses: number
  readonly createdAt: Date
  readonly expiresAt: Date
}

export interface NewInitialAccessToken {
  readonly name?: string | undefined
  readonly policy: PolicyInput
  /** How many clients may register with it; undefined for no limit. */
  readonly maxUses: number | undefined
  readonly lifetimeSeconds: number
}

/** Errors: PolicyInvalid 400 (faults), InitialAccessTokenNotFound 404. */
export interface InitialAccessTokens {
  /** Returns the value of the token too, which is nowhere else. */
  create(input: NewInitialAccessToken, by: AuditContext): Promise<{ token: InitialAccessToken; value: string }>
  list(query: { limit: number; cursor?: string }): Promise<{ items: InitialAccessToken[]; nextCursor: string | null }>
  /** Clients that have registered with it stay. */
  revoke(id: string, by: AuditContext): Promise<void>
}
