/** The state behind the health probes: is this process alive, has it started, can it serve requests? */
import type { Clock } from '#shared/clock.ts'

const DATABASE_TIMEOUT_MS = 1500
const MAX_SKEW_MS = 15_000

export interface Probe {
  readonly ok: boolean
  /** One sentence for the operator. */
  readonly reason: string
}

export interface Health {
  live(): Probe
  /** Answers within two seconds, even when the database does not. */
  ready(): Promise<Probe>
  started(): Probe
  /** Sets what the start is waiting for, which `/health/started` reports. */
  waitingFor(reason: string): void
  markStarted(): void
  /** Reports not ready from now on, so that the load balancer sends no new requests while open ones finish. */
  markDraining(): void
}

export interface HealthDeps {
  /**
   * Reads the database's clock over a connection of its own, so that a busy pool does not delay it. Rejects when the
   * database does not answer.
   */
  databaseNow(): Promise<Date>
  readonly clock: Clock
}

/** Creates the health state of one process. */
export function createHealth({ databaseNow, clock }: HealthDeps): Health {
  let waiting: string | undefined = 'the server is starting'
  let draining = false
  let pending: Promise<Probe> | undefined

  async function askDatabase(): Promise<Probe> {
    const before = clock.now().getTime()
    const databaseTime = await withTimeout(databaseNow(), DATABASE_TIMEOUT_MS)
    const after = clock.now().getTime()
    // The database read its clock at some moment between the two, so half the round trip is the uncertainty.
    const skewMs = databaseTime.getTime() - (before + after) / 2
    if (Math.abs(skewMs) - (after - before) / 2 > MAX_SKEW_MS) {
      return { ok: false, reason: `this machine's clock differs from the database's by ${describeSkew(skewMs)}` }
    }
    return { ok: true, reason: 'ready' }
  }

  async function ready(): Promise<Probe> {
    if (waiting !== undefined) return { ok: false, reason: waiting }
    if (draining) return { ok: false, reason: 'the server is shutting down' }
    // Concurrent probes share one query.
    pending ??= askDatabase()
      .catch((error: unknown): Probe => ({ ok: false, reason: `the database does not answer: ${messageOf(error)}` }))
      .finally(() => {
        pending = undefined
      })
    return pending
  }

  return {
    ready,
    live: () => ({ ok: true, reason: 'alive' }),
    started: () => (waiting === undefined ? { ok: true, reason: 'started' } : { ok: false, reason: waiting }),
    waitingFor(reason) {
      waiting = reason
    },
    markStarted() {
      waiting = undefined
    },
    markDraining() {
      draining = true
    },
  }
}

function describeSkew(skewMs: number): string {
  return `${Math.round(Math.abs(skewMs) / 1000)} s; at most ${MAX_SKEW_MS / 1000} s is allowed (is NTP running?)`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error'
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
