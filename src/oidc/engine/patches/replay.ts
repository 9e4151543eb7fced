/** The reservation of an assertion's or proof's identifier: insert-only, in the unit of work of its request. */
import Provider from 'oidc-provider'
import { sha256 } from '#shared/ids.ts'
import { type Reservation, requestScope } from '../scope/request-scope.ts'

/**
 * The engine's `ReplayDetection.unique`. In a unit of work it always answers true: the reservation goes out with the
 * rest of the request and decides then. `expiresAt` is in epoch seconds.
 */
export function createReplayDetection(reserveNow: (reservation: Reservation) => Promise<boolean>) {
  return async (issuer: string, jti: string, expiresAt: number): Promise<boolean> => {
    const reservations = requestScope()?.unit?.reservations
    // the client is authenticated before anything else: where there is an assertion, the first identifier is its own
    const asserted = Provider.ctx?.oidc.params?.['client_assertion'] !== undefined
    const reservation: Reservation = {
      of: asserted && reservations?.length === 0 ? 'assertion' : 'proof',
      id: replayId(issuer, jti),
      expiresAt: new Date(expiresAt * 1000),
    }
    if (!reservations) return reserveNow(reservation)
    if (reservations.some(({ id }) => id.equals(reservation.id))) return false
    reservations.push(reservation)
    return true
  }
}

/** With a separator: the pairs `ab` + `c` and `a` + `bc` are different identifiers. */
export function replayId(issuer: string, jti: string): Buffer {
  return sha256(`${issuer}\0${jti}`)
}
