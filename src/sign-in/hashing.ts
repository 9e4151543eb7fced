/** Password hashing by argon2id, at most a few at once, so that a rush of sign-ins starves nothing else. */
import { availableParallelism } from 'node:os'
import { hash as argon2Hash, parseOptions, verify as argon2Verify } from '@node-rs/argon2'
import { SignInBusy } from './errors.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. argon2id is the library's default algorithm. */
export const HASH_PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** A hash runs on one of libuv's four threads; one of them stays free for files and names. */
const MOST_AT_ONCE = 3
/** On a small machine some six seconds of waiting: longer nobody stays at a form. */
const MAX_WAITING = 600

export interface Hasher {
  /** A PHC string of argon2id. Throws SignInBusy. */
  hash(password: string): Promise<string>
  /** Whether `password` made the PHC string. Throws SignInBusy. */
  verify(phc: string, password: string): Promise<boolean>
  /** Whether the PHC string was made with less work than HASH_PARAMETERS ask for now. */
  outdated(phc: string): boolean
}

/**
 * A hasher that runs `concurrency` hashes at once and lets `maxWaiting` wait; more are refused with SignInBusy.
 * The UTF-8 of the string is hashed as it is, unnormalised and whole: two spellings of one glyph are two passwords,
 * and nothing of a password is lost (ASVS 6.2.8).
 */
export function createHasher(limits: { concurrency?: number; maxWaiting?: () => number } = {}): Hasher {
  const concurrency = limits.concurrency ?? Math.max(1, Math.min(availableParallelism() - 1, MOST_AT_ONCE))
  const maxWaiting = limits.maxWaiting ?? (() => MAX_WAITING)
  const waiting: (() => void)[] = []
  let running = 0

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= concurrency) {
      if (waiting.length >= maxWaiting()) throw new SignInBusy()
      // The slot is handed over by whoever leaves, so `running` does not change.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }

  return {
    hash: (password) => inTurn(() => argon2Hash(password, HASH_PARAMETERS)),
    verify: (phc, password) => inTurn(() => argon2Verify(phc, password)),
    outdated,
  }
}

function outdated(phc: string): boolean {
  const made = parseOptions(phc)
  return (
    !phc.startsWith('$argon2id$') ||
    made.memoryCost < HASH_PARAMETERS.memoryCost ||
    made.timeCost < HASH_PARAMETERS.timeCost
  )
}
