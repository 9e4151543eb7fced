/** Who serves the requests: this process alone, or workers that it leads. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Loaded } from '#config/load.ts'
import type { Probe } from '#observability/health.ts'
import type { Logger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import type { DatabaseUrls } from './database.ts'

const LOAD_AFTER_MS = 20

export interface Crew {
  /** Resolves once requests are answered. */
  start(database: DatabaseUrls): Promise<void>
  /** Whether all who serve can. */
  ready(): Promise<Probe>
  readonly metrics: { text(): Promise<string>; readonly contentType: string }
  /** Ends serving in order and resolves with the number of requests that were cut off after `timeoutMs`. */
  drain(timeoutMs: number): Promise<number>
}

/** The crew that the settings ask for. */
export async function createCrew(loaded: Loaded, logger: Logger): Promise<Crew> {
  if (loaded.config.server.workers === 1) return createSolo(loaded, logger)
  const { createWorkers } = await import('./workers.ts')
  return createWorkers(loaded.config.server.workers, logger)
}

function createSolo({ config, secrets }: Loaded, logger: Logger): Crew {
  // Loading the code takes as long as starting the database: both at once, but the database's process first.
  const loading = delay(LOAD_AFTER_MS).then(async () => import('./node.ts'))
  // Whoever waits for it later hears of a failure.
  loading.catch(() => {})
  const metrics = createMetrics()
  let drain: Crew['drain'] = async () => 0
  return {
    async start(database) {
      const { startNode } = await loading
      const node = await startNode({ config, secrets, database, logger, metrics })
      drain = node.drain
    },
    ready: async () => ({ ok: true, reason: 'ready' }),
    metrics,
    async drain(timeoutMs) {
      const cut = await drain(timeoutMs)
      metrics.close()
      return cut
    },
  }
}
