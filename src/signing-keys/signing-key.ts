/** The types of signing keys and of the service that stores and rotates them. */
import type { JWK } from 'jose'
import type { AuditContext } from '#audit/audit.ts'

export type SigningAlg = 'ES256' | 'RS256' | 'PS256'

/**
 * A `next` key is published before it signs; a `retired` key stays published until every access token that it signed
 * has expired. After that it is `archived`: no longer published, it verifies `id_token_hint` only, for as long as an
 * app may hold an ID token of a session or refresh token that is still alive.
 */
export type KeyStatus = 'next' | 'current' | 'retired' | 'archived'

export interface SigningKey {
  readonly kid: string
  readonly alg: SigningAlg
  readonly status: KeyStatus
  readonly publicJwk: JWK
  readonly createdAt: Date
  readonly activatedAt: Date | undefined
  readonly retiredAt: Date | undefined
}

/** The keys of one provider instance. */
export interface KeySet {
  /** Changes with every change of the set. */
  readonly version: string
  /** The published keys. */
  readonly keys: readonly SigningKey[]
  readonly archivedKeys: readonly SigningKey[]
  /** The private JWK of each `current` key, in memory only. */
  readonly privateJwks: readonly JWK[]
}

/** Errors: KeyNotFound 404, KeyConflict 409. */
export interface SigningKeys {
  /**
   * Creates missing keys: a current and a next key for each algorithm that is always there or was added. Safe when two
   * nodes start at once.
   */
  ensure(by: AuditContext): Promise<void>
  /** Adds an algorithm with its first keys, if it is not there yet. Safe when two nodes add it at once. */
  add(alg: SigningAlg, by: AuditContext): Promise<void>
  /** Returns the set in memory. */
  current(): KeySet
  /** Calls `listener` after each change of the set, on this node or another. */
  onChange(listener: (set: KeySet) => void): void
  /** Returns all keys, the archived ones too. */
  list(): Promise<SigningKey[]>
  /**
   * Rotates the keys of one algorithm, or of all that are there: current becomes retired, next becomes current, and a new next is
   * created.
   */
  rotate(alg: SigningAlg | undefined, by: AuditContext): Promise<SigningKey[]>
  /** Retires a current key; tokens that it signed stay valid. */
  retire(kid: string, by: AuditContext): Promise<SigningKey>
  /** Deletes a key at once; everything that it signed is rejected. */
  revoke(kid: string, by: AuditContext): Promise<void>
}
