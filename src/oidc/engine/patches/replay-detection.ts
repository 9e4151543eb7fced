/**
 * What: `ReplayDetection.unique` reserves the identifier of an assertion or proof in the unit of work of its request.
 * Why: the engine reads and then writes, so two concurrent requests can both pass. A separate write would also cost
 * another round trip to the database. Reservations are insert-only. The engine also remembers a DPoP proof for 300 s from
 * now, but accepts one whose `iat` is 300 s ahead for 600 s.
 * Engine: 9.13.3
 * Test: test/conformance/races.test.ts
 */
import type Provider from 'oidc-provider'
import { requestScope } from '../scope/request-scope.ts'
import { replayId, type Reservation } from '../scope/unit-of-work.ts'

export interface ReplayDeps {
  /** Reserves outside the token endpoint. Returns false if the identifier was already reserved. */
  readonly reserveNow: (reservation: Reservation) => Promise<boolean>
}

/** How far ahead the clock of a DPoP proof may be, in seconds. */
const PROOF_CLOCK_AHEAD = 300

export function reserveIdentifiers(provider: Provider, { reserveNow }: ReplayDeps): void {
  Object.assign(provider.ReplayDetection, {
    // `expiresAt`: epoch seconds. Within a unit of work, the commit decides whether the identifier is new.
    async unique(issuer: string, jti: string, expiresAt: number): Promise<boolean> {
      const of = presented()
      // RFC 9449 §11.1: a proof is remembered for as long as it can be accepted
      const until = of === 'proof' ? expiresAt + PROOF_CLOCK_AHEAD : expiresAt
      const reservation = { of, id: replayId(issuer, jti), expiresAt: new Date(until * 1000) }
      const reservations = requestScope()?.unit?.reservations
      if (!reservations) return reserveNow(reservation)
      if (reservations.some(({ id }) => id.equals(reservation.id))) return false
      reservations.push(reservation)
      return true
    },
  })
}

/** Returns what the reservation is for. The first one after an assertion is verified is for it, others for proofs. */
function presented(): Reservation['of'] {
  const assertion = requestScope()?.assertion
  if (assertion?.stage !== 'verified') return 'proof'
  assertion.stage = 'reserved'
  return 'assertion'
}
