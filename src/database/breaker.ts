/**
 * A circuit breaker for a PostgreSQL server that does not answer: while it is open, requests fail at once instead of
 * queueing.
 */

export interface Breaker {
  /** Returns false while open. Otherwise the caller may proceed and must report the outcome. */
  admits(): boolean
  /** The server answered, even with an error. */
  succeeded(): void
  /** The server did not answer in time. */
  timedOut(): void
}

const TIMEOUTS_TO_OPEN = 3
const OPEN_MS = 500

/**
 * Creates a breaker. It opens after three consecutive timeouts; from then on it admits one caller every half second as
 * a trial.
 */
export function createBreaker(now: () => number = () => performance.now()): Breaker {
  let timeouts = 0
  let nextTrial = 0
  return {
    admits() {
      if (timeouts < TIMEOUTS_TO_OPEN) return true
      if (now() < nextTrial) return false
      nextTrial = now() + OPEN_MS
      return true
    },
    succeeded() {
      timeouts = 0
    },
    timedOut() {
      timeouts += 1
      nextTrial = now() + OPEN_MS
    },
  }
}
