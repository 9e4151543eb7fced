/** The worker processes that serve now; one that ends by itself is replaced. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '#observability/logger.ts'
import { AppError } from '#shared/app-error.ts'
import type { DatabaseUrls } from './database.ts'
import { heard, send } from './worker-messages.ts'

/** A worker that ended before it served; it has told its reason itself. */
export class WorkerFailed extends AppError {
  override readonly code = 'worker_failed'
  override readonly status = 500
}

export interface Fleet {
  readonly serving: ReadonlySet<Worker>
  /** Resolves once the new worker serves. Throws WorkerFailed. */
  startOne(database: DatabaseUrls): Promise<void>
  /** From now on those who end are not replaced, and those who do not serve yet never will. */
  letGo(): void
}

const REPLACE_MS = 1000

/** A fleet without workers yet. */
export function createFleet(logger: Logger): Fleet {
  const serving = new Set<Worker>()
  const starting = new Set<Worker>()
  let replacing = true

  async function startOne(database: DatabaseUrls): Promise<void> {
    const worker = cluster.fork()
    // Each probe and scrape that waits for its answer listens.
    worker.setMaxListeners(0)
    const gone = once(worker, 'exit') as Promise<[code: number | null, signal: string | null]>
    void heard(worker, 'waiting').then(() => send(worker, { kind: 'start', database }))
    starting.add(worker)
    const served = await heard(worker, 'serving')
    starting.delete(worker)
    if (served === undefined) {
      const [code, signal] = await gone
      const how = signal ?? `exit code ${code}`
      throw new WorkerFailed(`A worker process ended before it served (${how}): its reason stands above.`)
    }
    serving.add(worker)
    void gone.then(([code, signal]) => {
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
    letGo: () => {
      replacing = false
      for (const worker of starting) worker.process.kill('SIGKILL')
    },
  }
}
