/** What one HTTP request remembers while the engine handles it: its unit of work and what it read. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { PublicJwk } from '#clients/client.ts'
import type { AuditEvent } from '#audit/audit.ts'
import type { Payload } from '../../adapter/sealing.ts'
import type { ModelName } from '../../adapter/models.ts'
import type { SeenFrom } from '../../sessions/seen-from.ts'

export interface CollectedInsert {
  readonly kind: ModelName
  readonly value: string
  readonly payload: Payload
  readonly ttlSeconds: number | undefined
}

export interface Reservation {
  /** Whose identifier it is: a client assertion's (RFC 7523 §3) or a DPoP proof's (RFC 9449 §11.1). */
  readonly of: 'assertion' | 'proof'
  readonly id: Buffer
  readonly expiresAt: Date
}

/** Writes of a token request, collected while it is handled and written in one statement before its answer. */
export interface UnitOfWork {
  readonly reservations: Reservation[]
  readonly inserts: CollectedInsert[]
  consumption: { readonly kind: ModelName; readonly value: string } | undefined
  /** The successor of an already rotated refresh token that was presented again within the grace window. */
  repeated: string | undefined
}

/** A session as this request found it; its save merges with what others wrote meanwhile. */
export interface LoadedSession {
  readonly uid: string
  readonly accountId: string | undefined
  readonly clientIds: readonly string[]
}

export interface RequestScope {
  readonly unit: UnitOfWork | undefined
  readonly grants: Map<string, Payload>
  /** The place of each read grant in the status lists. */
  readonly grantStatus: Map<string, string>
  /** Grants ended in this request: a second wish to end one waits for the first. */
  readonly ended: Map<string, Promise<void>>
  loadedSession: LoadedSession | undefined
  /** The cookie id that this request replaces by a new one. */
  replacedSessionId: string | undefined
  /** While the engine verifies a client assertion: its clock tolerance is wider then. */
  authenticating: boolean
  /** The key that a client assertion was last verified with. */
  assertionKey: PublicJwk | undefined
  /** Whether the keys behind a `jwks_uri` were asked for: that is done once a request. */
  askedForKeys: boolean
  /** At the revocation endpoint: the event that the removal of the token writes along, given once. */
  takeRevokedEvent: () => AuditEvent[]
  /** A JWT that was sent to introspection or revocation, which the engine itself would refuse. */
  structuredToken: string | undefined
  /** Where the request comes from, when it is a person's. */
  seenFrom: () => SeenFrom | undefined
}

const storage = new AsyncLocalStorage<RequestScope>()

/** Runs the engine in a scope of its own. With `collect`, writes of tokens wait for the unit of work. */
export function inRequestScope<T>(
  options: { collect: boolean },
  work: (scope: RequestScope) => Promise<T>,
): Promise<T> {
  const unit: UnitOfWork | undefined = options.collect
    ? { reservations: [], inserts: [], consumption: undefined, repeated: undefined }
    : undefined
  const scope: RequestScope = {
    unit,
    grants: new Map(),
    grantStatus: new Map(),
    ended: new Map(),
    loadedSession: undefined,
    replacedSessionId: undefined,
    authenticating: false,
    assertionKey: undefined,
    askedForKeys: false,
    takeRevokedEvent: () => [],
    structuredToken: undefined,
    seenFrom: () => undefined,
  }
  return storage.run(scope, () => work(scope))
}

export function requestScope(): RequestScope | undefined {
  return storage.getStore()
}
