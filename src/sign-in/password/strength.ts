/** Estimates how hard a password is to guess, on a thread of its own: some take longer than other requests can wait. */
import type { Piscina } from 'piscina'
import { SignInBusy } from '../errors.ts'
import type { StrengthWork } from './strength-worker.ts'

/** The estimate reads no further: more characters would only take time. */
const ESTIMATED_CHARACTERS = 64
/** The longest queue. People do not wait longer at a form. */
const MAX_WAITING = 50
/** Milliseconds after which the idle thread ends, with the dictionaries that it holds. */
const IDLE = 60_000
/** Added to the niceness of the thread. */
const YIELDING = 10

/** Returns the score of a password, from 0 to 4. `known`: words that are easy guesses for this person. */
export type EstimateStrength = (password: string, known: readonly string[]) => Promise<number>

/** One thread for the process, because the dictionaries take some megabytes. */
let thread: Promise<Piscina<StrengthWork, number>> | undefined

/** Creates an estimate that throws SignInBusy (503) while `maxWaiting` passwords wait for theirs. */
export function createEstimateStrength({ maxWaiting = MAX_WAITING } = {}): EstimateStrength {
  let waiting = 0
  return async (password, known) => {
    if (waiting >= maxWaiting) throw new SignInBusy()
    waiting += 1
    try {
      thread ??= startThread()
      return await (await thread).run({ password: password.slice(0, ESTIMATED_CHARACTERS), known })
    } finally {
      waiting -= 1
    }
  }
}

/** Starts the thread with the first password that is chosen; most processes never need it. */
async function startThread(): Promise<Piscina<StrengthWork, number>> {
  const { Piscina } = await import('piscina')
  return new Piscina({
    filename: new URL('./strength-worker.ts', import.meta.url).href,
    name: 'scoreOf',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE,
    niceIncrement: YIELDING,
  })
}
