/** The writes of a token request: collected while it is handled, committed in one statement before its answer. */
import { sha256 } from '#shared/ids.ts'
import type { ModelName } from '../../adapter/models.ts'
import type { Payload } from '../../adapter/sealing.ts'

export interface CollectedInsert {
  readonly kind: ModelName
  readonly value: string
  readonly payload: Payload
  readonly ttlSeconds: number | undefined
}

export interface Reservation {
  /** What the identifier belongs to: a client assertion (RFC 7523 §3) or a DPoP proof (RFC 9449 §11.1). */
  readonly of: 'assertion' | 'proof'
  readonly id: Buffer
  readonly expiresAt: Date
}

/** Returns the id of a reservation. The separator keeps `ab` + `c` and `a` + `bc` apart. */
export function replayId(issuer: string, jti: string): Buffer {
  return sha256(`${issuer}\0${jti}`)
}

export interface UnitOfWork {
  readonly reservations: Reservation[]
  readonly inserts: CollectedInsert[]
  consumption: { readonly kind: ModelName; readonly value: string } | undefined
  /** The successor of a rotated refresh token that was presented again within the grace window. */
  repeated: string | undefined
}

export function createUnitOfWork(): UnitOfWork {
  return { reservations: [], inserts: [], consumption: undefined, repeated: undefined }
}
