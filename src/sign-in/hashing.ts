/** Password hashing by argon2id on threads of its own that yield, so that a rush of sign-ins starves nothing else. */
import { availableParallelism } from 'node:os'
import { parseOptions } from '@node-rs/argon2'
import type { Piscina } from 'piscina'
import { watchEventLoop } from '#shared/event-loop.ts'
import { SignInBusy } from './errors.ts'
import type { HashWork } from './hash-worker.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. argon2id is the library's default algorithm. */
export const HASH_PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Of all cores one stays free of hashing; a thread takes a few megabytes, so there are not many. */
const MOST_AT_ONCE = 3
/** Added to the niceness of the threads: a hash keeps the memory bus busy, and nobody who signs in minds a moment. */
const YIELDING = 10
/** Milliseconds until a thread without work ends. */
const IDLE = 60_000
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
  let atWork = 0
  let threads: Promise<Piscina<HashWork>> | undefined

  async function inTurn(work: HashWork): Promise<unknown> {
    if (atWork < concurrency) atWork += 1
    else if (waiting.length >= maxWaiting()) throw new SignInBusy()
    else await new Promise<void>((resolve) => waiting.push(resolve))
    threads ??= startThreads(concurrency)
    const begun = performance.now()
    const isSaturated = watchEventLoop()
    try {
      return await (await threads).run(work)
    } finally {
      // while the event loop cannot follow, a thread rests as long as its hash took
      if (waiting.length > 0 && isSaturated()) setTimeout(next, performance.now() - begun)
      else next()
    }
  }

  function next(): void {
    const first = waiting.shift()
    if (first) first()
    else atWork -= 1
  }

  return {
    hash: async (password) => String(await inTurn({ password, parameters: HASH_PARAMETERS })),
    verify: async (phc, password) => (await inTurn({ password, phc })) === true,
    outdated,
  }
}

/** Loaded with the first password: a start does not wait for it. */
async function startThreads(count: number): Promise<Piscina<HashWork>> {
  const { Piscina } = await import('piscina')
  return new Piscina({
    filename: new URL('./hash-worker.ts', import.meta.url).href,
    name: 'work',
    minThreads: 0,
    maxThreads: count,
    idleTimeout: IDLE,
    niceIncrement: YIELDING,
  })
}

function outdated(phc: string): boolean {
  const made = parseOptions(phc)
  return (
    !phc.startsWith('$argon2id$') ||
    made.memoryCost < HASH_PARAMETERS.memoryCost ||
    made.timeCost < HASH_PARAMETERS.timeCost
  )
}
