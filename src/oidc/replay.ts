/** The reservation of an assertion's or proof's identifier: insert-only, in the unit of work of its request. */
import { sha256 } from '#shared/ids.ts'
import { requestScope } from './request-scope.ts'

/**
 * The engine's `ReplayDetection.unique`. In a unit of work it always answers true: the reservation goes out with the
 * rest of the request and decides then. `expiresAt` is in epoch seconds.
 */
export function createReplayDetection(reserveNow: (id: Buffer, expiresAt: Date) => Promise<boolean>) {
  return async (issuer: string, jti: string, expiresAt: number): Promise<boolean> => {
    const id = replayId(issuer, jti)
    const expiry = new Date(expiresAt * 1000)
    const unit = requestScope()?.unit
    if (!unit) return reserveNow(id, expiry)
    if (unit.reservations.some((reservation) => reservation.id.equals(id))) return false
    unit.reservations.push({ id, expiresAt: expiry })
    return true
  }
}

/** With a separator: the pairs `ab` + `c` and `a` + `bc` are different identifiers. */
export function replayId(issuer: string, jti: string): Buffer {
  return sha256(`${issuer}\0${jti}`)
}
