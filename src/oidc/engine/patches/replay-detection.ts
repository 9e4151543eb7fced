/**
 * What: `ReplayDetection.unique` reserves the identifier of an assertion or proof, in the unit of work of its request.
 * Why: the engine looks and then writes, so two requests at once are both first; and a reservation that is written apart
 * from its request takes a round trip more. Reservations are insert-only.
 * Engine: 9.13.3
 * Test: test/conformance/races.test.ts
 */
import type Provider from 'oidc-provider'
import { sha256 } from '#shared/ids.ts'
import { requestScope } from '../scope/request-scope.ts'
import type { Reservation } from '../scope/unit-of-work.ts'

export interface ReplayDeps {
  /** Outside the token endpoint: false when somebody has reserved the same identifier. */
  readonly reserveNow: (reservation: Reservation) => Promise<boolean>
}

export function reserveIdentifiers(provider: Provider, { reserveNow }: ReplayDeps): void {
  Object.assign(provider.ReplayDetection, {
    // in a unit of work the reservation goes out with the rest of the request and decides then; epoch seconds
    async unique(issuer: string, jti: string, expiresAt: number): Promise<boolean> {
      const reservation = { of: presented(), id: replayId(issuer, jti), expiresAt: new Date(expiresAt * 1000) }
      const reservations = requestScope()?.unit?.reservations
      if (!reservations) return reserveNow(reservation)
      if (reservations.some(({ id }) => id.equals(reservation.id))) return false
      reservations.push(reservation)
      return true
    },
  })
}

/** Whose identifier is reserved: a verified assertion's comes first, and proofs after it. */
function presented(): Reservation['of'] {
  const assertion = requestScope()?.assertion
  if (assertion?.stage !== 'verified') return 'proof'
  assertion.stage = 'reserved'
  return 'assertion'
}

/** With a separator: the pairs `ab` + `c` and `a` + `bc` are different identifiers. */
function replayId(issuer: string, jti: string): Buffer {
  return sha256(`${issuer}\0${jti}`)
}
