/** Creates the server processes that the settings ask for. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Loaded } from '#config/load.ts'
import type { Logger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import type { ServiceOverrides } from '#services.ts'
import type { ServingProcesses } from './serving-processes.ts'

const LOAD_AFTER_MS = 20

/** Returns this process alone, or workers. */
export async function createServingProcesses(
  loaded: Loaded,
  logger: Logger,
  overrides: ServiceOverrides,
): Promise<ServingProcesses> {
  if (loaded.config.workers === 1) return createSingleProcess(loaded, logger, overrides)
  const { createWorkers } = await import('./workers.ts')
  return createWorkers(loaded.config.workers, logger)
}

function createSingleProcess(
  { config, secrets }: Loaded,
  logger: Logger,
  overrides: ServiceOverrides,
): ServingProcesses {
  // Loading the code takes as long as starting the database, so both run at once. The database's process starts
  // first.
  const loading = delay(LOAD_AFTER_MS).then(async () => import('./node.ts'))
  // `start` reports a failure.
  loading.catch(() => {})
  const metrics = createMetrics()
  let drain: ServingProcesses['drain'] = async () => 0
  return {
    async start(database) {
      const { startNode } = await loading
      const node = await startNode({ config, secrets, database, logger, metrics }, overrides)
      drain = node.drain
    },
    ready: async () => ({ ok: true, reason: 'ready' }),
    metrics,
    async drain(timeoutMs) {
      const cutOff = await drain(timeoutMs)
      metrics.close()
      return cutOff
    },
  }
}
