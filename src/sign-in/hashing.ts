/** Hashes passwords with argon2id on low-priority threads, so that a rush of sign-ins does not slow other requests. */
import { availableParallelism } from 'node:os'
import { type Options, parseOptions } from '@node-rs/argon2'
import type { Piscina } from 'piscina'
import { watchEventLoop } from '#shared/event-loop.ts'
import { SignInBusy } from './errors.ts'
import type { HashWork } from './hash-worker.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. argon2id is the library's default algorithm. */
export const HASH_PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** How many threads hash at once. One core is left free, and each thread takes a few megabytes of memory. */
const THREADS = Math.max(1, Math.min(availableParallelism() - 1, 3))
/** Added to the niceness of the threads: a hash keeps the memory bus busy, and a sign-in can wait a moment. */
const YIELDING = 10
/** Milliseconds after which an idle thread ends. */
const IDLE = 60_000
/** The longest queue: about six seconds on a small machine. People do not wait longer at a form. */
const MAX_WAITING = 600

/** What a hash costs; the algorithm is always argon2id. */
type HashParameters = Required<Pick<Options, 'memoryCost' | 'timeCost' | 'parallelism'>>

export interface HasherOptions {
  /** How many hashes run at once. */
  readonly concurrency?: number
  /** How many more wait for their turn. */
  readonly maxWaiting?: () => number
  /** Default: HASH_PARAMETERS. */
  readonly parameters?: HashParameters
}

export interface Hasher {
  /** Returns a PHC string of argon2id. Throws SignInBusy. */
  hash(password: string): Promise<string>
  /** Returns whether `password` matches the PHC string. Throws SignInBusy. */
  verify(phc: string, password: string): Promise<boolean>
  /** Returns whether the PHC string was made with weaker parameters than those of this hasher. */
  outdated(phc: string): boolean
}

/**
 * Creates a hasher that runs `concurrency` hashes at once and queues up to `maxWaiting`; beyond that it throws
 * SignInBusy. It hashes the full UTF-8 string without truncation (ASVS 6.2.8); preparedPassword normalizes it before.
 */
export function createHasher({
  concurrency = THREADS,
  maxWaiting = () => MAX_WAITING,
  parameters = HASH_PARAMETERS,
}: HasherOptions = {}): Hasher {
  const waiting: (() => void)[] = []
  let atWork = 0

  async function inTurn(work: HashWork): Promise<unknown> {
    if (atWork < concurrency) atWork += 1
    else if (waiting.length >= maxWaiting()) throw new SignInBusy()
    else await new Promise<void>((resolve) => waiting.push(resolve))
    threads ??= startThreads()
    const begun = performance.now()
    const isSaturated = watchEventLoop()
    try {
      return await (await threads).run(work)
    } finally {
      // while the event loop is saturated, a thread pauses for as long as its hash took
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
    hash: async (password) => String(await inTurn({ password, parameters })),
    verify: async (phc, password) => (await inTurn({ password, phc })) === true,
    outdated: (phc) => isWeaker(phc, parameters),
  }
}

/** The threads of this process. */
let threads: Promise<Piscina<HashWork>> | undefined

/** Starts the threads. Piscina is loaded with the first password, so that it does not slow the server's start. */
async function startThreads(): Promise<Piscina<HashWork>> {
  const { Piscina } = await import('piscina')
  return new Piscina({
    filename: new URL('./hash-worker.ts', import.meta.url).href,
    name: 'work',
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE,
    niceIncrement: YIELDING,
  })
}

function isWeaker(phc: string, { memoryCost, timeCost }: HashParameters): boolean {
  const made = parseOptions(phc)
  return !phc.startsWith('$argon2id$') || made.memoryCost < memoryCost || made.timeCost < timeCost
}
