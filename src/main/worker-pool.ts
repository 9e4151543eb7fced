/** Manages the worker processes and replaces those that exit unexpectedly. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '#observability/logger.ts'
import { AppError } from '#shared/app-error.ts'
import type { DatabaseUrls } from './database.ts'
import { nextMessage, send } from './worker-messages.ts'

/** A worker exited before it served; it has logged the reason itself. */
export class WorkerFailed extends AppError {
  override readonly code = 'worker_failed'
  override readonly status = 500
}

export interface WorkerPool {
  readonly serving: ReadonlySet<Worker>
  /** Starts a worker; resolves once it serves. Throws WorkerFailed. */
  startOne(database: DatabaseUrls): Promise<void>
  /** Stops replacing workers that exit, and kills those that do not serve yet. */
  stopReplacing(): void
}

const REPLACE_MS = 1000

/** Creates a pool without workers. */
export function createWorkerPool(logger: Logger): WorkerPool {
  const serving = new Set<Worker>()
  const starting = new Set<Worker>()
  let replacing = true

  async function startOne(database: DatabaseUrls): Promise<void> {
    const worker = cluster.fork()
    // Each pending probe and scrape adds a listener.
    worker.setMaxListeners(0)
    const exited = once(worker, 'exit') as Promise<[code: number | null, signal: string | null]>
    void nextMessage(worker, 'waiting').then(() => send(worker, { kind: 'start', database }))
    starting.add(worker)
    const served = await nextMessage(worker, 'serving')
    starting.delete(worker)
    if (served === undefined) {
      const [code, signal] = await exited
      const reason = signal ?? `exit code ${code}`
      throw new WorkerFailed(`A worker process ended before it served (${reason}): its reason stands above.`)
    }
    serving.add(worker)
    void exited.then(([code, signal]) => {
      serving.delete(worker)
      if (!replacing) return
      logger.error({ worker: worker.process.pid, code, signal }, 'a worker ended by itself and is replaced')
      void replace(database)
    })
  }

  async function replace(database: DatabaseUrls): Promise<void> {
    for (;;) {
      await delay(REPLACE_MS, undefined, { ref: false })
      if (!replacing) return
      try {
        return await startOne(database)
      } catch (error) {
        logger.error({ err: error }, 'a worker could not be replaced')
      }
    }
  }

  return {
    serving,
    startOne,
    stopReplacing: () => {
      replacing = false
      for (const worker of starting) worker.process.kill('SIGKILL')
    },
  }
}
