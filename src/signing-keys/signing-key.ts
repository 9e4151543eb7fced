/** A signing key and the service that keeps and rotates signing keys. */
import type { JWK } from 'jose'
import type { AuditContext } from '#audit/audit.ts'

export type SigningAlg = 'ES256' | 'RS256'

/** `next` is published before it signs; `retired` is published until nothing that it signed can live. */
export type KeyStatus = 'next' | 'current' | 'retired'

export interface SigningKey {
  readonly kid: string
  readonly alg: SigningAlg
  readonly status: KeyStatus
  readonly publicJwk: JWK
  readonly createdAt: Date
  readonly activatedAt: Date | undefined
  readonly retiredAt: Date | undefined
}

/** The keys one provider instance is built over. */
export interface KeySet {
  /** Differs whenever the set differs. */
  readonly version: string
  readonly keys: readonly SigningKey[]
  /** The private JWK of each `current` key, in memory only. */
  readonly privateJwks: readonly JWK[]
}

/** Errors: KeyNotFound 404, KeyConflict 409. */
export interface SigningKeys {
  /** Makes what is missing (a current and a next key for each algorithm); safe when two nodes start at once. */
  ensure(by: AuditContext): Promise<void>
  /** The set held in memory. */
  current(): KeySet
  /** Calls `listener` after the set changed, on this node or another. */
  onChange(listener: (set: KeySet) => void): void
  list(): Promise<SigningKey[]>
  /** next → current → retired, and a new next; for one algorithm or all. */
  rotate(alg: SigningAlg | undefined, by: AuditContext): Promise<SigningKey[]>
  retire(kid: string, by: AuditContext): Promise<SigningKey>
  revoke(kid: string, by: AuditContext): Promise<void>
}
