/** Does the work of the outbox, together with every other process that serves: each piece by one of them at a time. */
import type { JobHelpers, Task, TaskList } from 'graphile-worker'
import { setTimeout as delay } from 'node:timers/promises'
import { openPool, overPool, requestConnection, STATEMENT_BUDGET_MS } from '#database/connection.ts'
import { translate } from '#database/errors.ts'
import type { Log } from '#shared/log.ts'
import { workerLog } from './worker-log.ts'
import { OUTBOX_SCHEMA } from './outbox-schema.ts'
import { tidyOutbox } from './outbox-store.ts'

export interface OutboxJob {
  /** Counts from 1. */
  readonly attempt: number
  /** Nobody tries it again when it fails now. */
  readonly last: boolean
  /** Aborted when its time is over or the process stops: whatever the task does must end at once. */
  readonly signal: AbortSignal
}

/** Resolves when the work is done; throws when it is to be tried again, in words that may stand in the database. */
export type OutboxTask = (payload: unknown, job: OutboxJob) => Promise<void>

export interface OutboxRunnerOptions {
  /** A direct connection: a PgBouncer in transaction mode would tell nothing of new work. */
  readonly url: string
  readonly tasks: Readonly<Record<string, OutboxTask>>
  readonly logger?: Log
  /** How long one attempt may take. */
  readonly taskMs?: number
  /** After this a process that has not said that it is done counts as dead; more than `taskMs`. */
  readonly leaseMs?: number
  /** How often it looks for work that is due again; of new work it is told. */
  readonly pollMs?: number
}

export interface OutboxRunner {
  /** Resolves when it works no more, be it closed or broken. */
  readonly ended: Promise<void>
  /** Takes nothing new, lets what is under way end for five seconds, then aborts it. */
  close(): Promise<void>
}

const TASK_MS = 20_000
const LEASE_MS = 30_000
const POLL_MS = 2000
const AT_ONCE = 2
const GRACE_MS = 5000

/** Resolves once it works. Throws DatabaseUnavailable, or the driver's error when the role may not. */
export async function openOutboxRunner(options: OutboxRunnerOptions): Promise<OutboxRunner> {
  const { taskMs = TASK_MS, leaseMs = LEASE_MS, pollMs = POLL_MS } = options
  const { runTaskList } = await import('graphile-worker')
  const pool = openPool({
    ...requestConnection(options.url, 'signet-outbox', true),
    query_timeout: STATEMENT_BUDGET_MS,
    max: AT_ONCE + 2, // one listens, one tidies
  })
  const tidy = () => tidyOutbox(overPool(pool), leaseMs)
  try {
    await tidy()
  } catch (error) {
    await pool.end()
    throw translate(error)
  }
  const worker = runTaskList(
    {
      concurrency: AT_ONCE,
      noHandleSignals: true,
      pollInterval: pollMs,
      schema: OUTBOX_SCHEMA,
      gracefulShutdownAbortTimeout: GRACE_MS,
      logger: await workerLog(options.logger),
      // by a batch of its own each: without one, a connection lost at that moment is a rejection that nobody handles
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    },
    boundedTasks(options.tasks, taskMs),
    pool,
  )
  const stopped = new AbortController()
  const tidying = repeat(tidy, leaseMs / 3, stopped.signal)
  const ended = worker.promise
    .catch(() => undefined) // the worker told of it
    .then(async () => {
      stopped.abort()
      await tidying
      await pool.end()
    })
  return {
    ended,
    async close() {
      const closed = Promise.resolve(worker.gracefulShutdown()).catch(() => undefined)
      // a worker whose connection was lost may wait for minutes before it tries again
      await Promise.race([
        closed.then(async () => ended),
        delay(GRACE_MS + STATEMENT_BUDGET_MS, undefined, { ref: false }),
      ])
    },
  }
}

function boundedTasks(tasks: OutboxRunnerOptions['tasks'], taskMs: number): TaskList {
  return Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, boundedTask(task, taskMs)]))
}

/** An attempt that does not end in time has failed, whatever the task makes of its signal. */
function boundedTask(task: OutboxTask, taskMs: number): Task {
  return async (payload: unknown, { job, abortSignal }: JobHelpers) => {
    const signal = AbortSignal.any([abortSignal, AbortSignal.timeout(taskMs)])
    const aborted = Promise.withResolvers<never>()
    const onAbort = () => aborted.reject(new Error('it did not end in time'))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      const last = job.attempts >= job.max_attempts
      await Promise.race([task(payload, { attempt: job.attempts, last, signal }), aborted.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

/** A turn that fails is made up for by the next. */
async function repeat(work: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(everyMs * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined)
    if (!signal.aborted) await work().catch(() => undefined)
  }
}
