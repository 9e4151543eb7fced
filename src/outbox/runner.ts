/** Runs the tasks of the outbox. All serving processes share the work; one process at a time runs each job. */
import type { JobHelpers, Task, TaskList } from 'graphile-worker'
import { setTimeout as delay } from 'node:timers/promises'
import { openPool, queryableOf, requestConnection, STATEMENT_BUDGET_MS } from '#database/connection.ts'
import { translate } from '#database/errors.ts'
import type { Log } from '#shared/log.ts'
import { workerLog } from './worker-log.ts'
import { OUTBOX_SCHEMA } from './outbox-schema.ts'
import { releaseDeadJobs } from './outbox-store.ts'

export interface OutboxJob {
  /** Counts from 1. */
  readonly attempt: number
  /** True for the last attempt: a failure is not retried. */
  readonly last: boolean
  /** When the work was added, by the database's clock. */
  readonly addedAt: Date
  /** Aborted at the time limit or when the process stops; the task must then end at once. */
  readonly signal: AbortSignal
}

/**
 * Resolves when the work is done. Throws to have it retried; the message is stored in the database, so it contains no
 * secrets.
 */
export type OutboxTask = (payload: unknown, job: OutboxJob) => Promise<void>

export interface OutboxRunnerOptions {
  /** A direct connection: notifications of new work do not pass through PgBouncer in transaction mode. */
  readonly url: string
  readonly tasks: Readonly<Record<string, OutboxTask>>
  readonly logger?: Log
  /** Time limit of one attempt. */
  readonly taskMs?: number
  /** Age of a lock after which its process counts as dead; more than `taskMs`. */
  readonly leaseMs?: number
  /** Polling interval for retries; new work is notified. */
  readonly pollMs?: number
}

export interface OutboxRunner {
  /** Resolves when the runner has ended, closed or broken. */
  readonly ended: Promise<void>
  /** Takes no new jobs, gives running ones five seconds to finish, then aborts them. */
  close(): Promise<void>
}

const TASK_MS = 20_000
const LEASE_MS = 30_000
const POLL_MS = 2000
const CONCURRENCY = 2
const GRACE_MS = 5000

/**
 * Opens a runner; resolves when it is running. Throws DatabaseUnavailable, or the driver's error when the role lacks a
 * privilege.
 */
export async function openOutboxRunner(options: OutboxRunnerOptions): Promise<OutboxRunner> {
  const { taskMs = TASK_MS, leaseMs = LEASE_MS, pollMs = POLL_MS } = options
  const { runTaskList } = await import('graphile-worker')
  const pool = openPool({
    ...requestConnection(options.url, 'signet-outbox', true),
    query_timeout: STATEMENT_BUDGET_MS,
    max: CONCURRENCY + 2, // one for LISTEN, one for clean-up
  })
  const cleanUp = () => releaseDeadJobs(queryableOf(pool), leaseMs)
  try {
    await cleanUp()
  } catch (error) {
    await pool.end()
    throw translate(error)
  }
  const worker = runTaskList(
    {
      concurrency: CONCURRENCY,
      noHandleSignals: true,
      pollInterval: pollMs,
      schema: OUTBOX_SCHEMA,
      gracefulShutdownAbortTimeout: GRACE_MS,
      logger: await workerLog(options.logger),
      // each job completes in its own batch: without batches, a connection lost at that moment is an unhandled
      // rejection
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    },
    boundedTasks(options.tasks, taskMs),
    pool,
  )
  const stopped = new AbortController()
  const cleaningUp = repeat(cleanUp, leaseMs / 3, stopped.signal)
  const ended = worker.promise
    .catch(() => undefined) // the worker has logged it
    .then(async () => {
      stopped.abort()
      await cleaningUp
      await pool.end()
    })
  return {
    ended,
    async close() {
      const closed = Promise.resolve(worker.gracefulShutdown()).catch(() => undefined)
      // a worker that lost its connection may wait for minutes before it reconnects
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

/** Fails an attempt at its time limit, even when the task ignores its signal. */
function boundedTask(task: OutboxTask, taskMs: number): Task {
  return async (payload: unknown, { job, abortSignal }: JobHelpers) => {
    const signal = AbortSignal.any([abortSignal, AbortSignal.timeout(taskMs)])
    const aborted = Promise.withResolvers<never>()
    const onAbort = () => aborted.reject(new Error('it did not end in time'))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      const { attempts: attempt, max_attempts: most, created_at: addedAt } = job
      await Promise.race([task(payload, { attempt, last: attempt >= most, addedAt, signal }), aborted.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

/**
 * Repeats `work` about every `everyMs` until `signal` aborts. A failure is ignored, because the next run makes up for
 * it.
 */
async function repeat(work: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(everyMs * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined)
    if (!signal.aborted) await work().catch(() => undefined)
  }
}
