/** Stops asking a server that does not answer: while it is open, requests fail at once instead of queueing. */

export interface Breaker {
  /** False while open; otherwise the caller may go on and must report how it went. */
  admits(): boolean
  /** The server answered, with whatever. */
  succeeded(): void
  /** The server did not answer in time. */
  timedOut(): void
}

const TIMEOUTS_TO_OPEN = 3
const OPEN_MS = 500

/** Opens after three timeouts in a row; from then on one caller in each half second tries whether it answers again. */
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
