/** Runs a server: settings, database, services, listeners and shutdown. */
import cluster from 'node:cluster'
import { flushCompileCache } from 'node:module'
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import type { Config } from '#config/config.ts'
import type { Environment } from '#config/env.ts'
import { type Loaded, loadConfig } from '#config/load.ts'
import { databaseNow } from '#database/database-now.ts'
import { checkAddress } from '#http/http-server.ts'
import { createHealth, type Health } from '#observability/health.ts'
import { createLogger, type Logger } from '#observability/logger.ts'
import type { ServiceOverrides } from '#services.ts'
import { systemClock } from '#shared/clock.ts'
import { publicAddress } from './main/addresses.ts'
import { banner } from './main/banner.ts'
import { createServingProcesses } from './main/create-serving-processes.ts'
import { openDatabase } from './main/database.ts'
import { devMailRoutes, startManagement } from './main/management.ts'
import { watchMasterKeys } from './main/master-keys.ts'
import { watchRestoreEpoch } from './main/restore-epoch.ts'
import { exitOnBugs, listenForStop, type Stop } from './main/stop.ts'

/** How long open requests may take after a stop is requested. */
const DRAIN_MS = 20_000

/**
 * Runs the server until it is stopped, and returns the exit code. Throws ConfigError for invalid settings and other
 * AppErrors when the server cannot start, each with one sentence that says what to do.
 */
export async function serve(env: Environment): Promise<number> {
  boundHeap()
  const loaded = loadConfig(env)
  const logger = createLogger({ level: loaded.config.logLevel, format: loaded.config.logFormat })
  exitOnBugs(logger)
  if (cluster.isWorker) {
    const { runWorker } = await import('./main/worker.ts')
    return runWorker(loaded, logger)
  }
  await runPrimary(loaded, logger, listenForStop())
  return 0
}

/**
 * Makes V8 collect garbage when the heap has doubled; by default it waits for four times as much, and each collection
 * takes longer. A server's live heap stays constant under load, so this keeps memory flat and pauses short.
 */
function boundHeap(): void {
  setFlagsFromString('--heap-growing-percent=100')
}

/**
 * Runs the primary process: it owns the database and the management listener, and serves requests itself or through
 * workers. Resolves after the stop that was requested. `overrides` is for tests, and does not reach workers.
 */
export async function runPrimary(
  loaded: Loaded,
  logger: Logger,
  stop: Stop,
  overrides: ServiceOverrides = {},
): Promise<void> {
  const { config } = loaded
  await using life = new AsyncDisposableStack()
  life.defer(() => stop.forget())
  for (const warning of loaded.warnings) logger.warn(warning)
  await checkAddress(publicAddress(config))

  // The health check calls this only after the start, when `database` is set.
  const health = createHealth({ databaseNow: async () => databaseNow(database.probe), clock: systemClock })
  const processes = await createServingProcesses(loaded, logger, overrides)
  const management = await startManagement(config, {
    health: withProcesses(health, processes),
    metrics: processes.metrics,
    logger,
    routes: devMailRoutes(loaded, () => (health.started().ok ? database.probe : undefined)),
  })
  if (management) life.defer(management)
  const database = await openDatabase(loaded, logger, health.waitingFor)
  life.defer(database.close)
  life.defer(watchRestoreEpoch(config.restoreEpoch, database.probe, logger))
  life.defer(watchMasterKeys(loaded.secrets.masterKeys, database.probe, logger))
  stop.arm()
  const starting = processes.start(database).then(() => announceReady(config, health, logger))
  // A stop during the start takes effect at once.
  await Promise.race([starting, stop.requested])

  const signal = await stop.requested
  logger.info({ signal }, 'stopping: what is open is answered, nothing new is taken')
  health.markDraining()
  const cutOff = await processes.drain(DRAIN_MS)
  logger[cutOff > 0 ? 'warn' : 'info']({ cutOff }, 'stopped serving')
}

/** Reports ready when the database answers and all serving processes are ready. */
function withProcesses(health: Health, processes: { ready: Health['ready'] }): Health {
  return {
    ...health,
    async ready() {
      const own = await health.ready()
      return own.ok ? processes.ready() : own
    },
  }
}

function announceReady(config: Config, health: Health, logger: Logger): void {
  health.markStarted()
  // Flush early, so that the next start is fast even if this process is killed.
  setTimeout(flushCompileCache, 1000).unref()
  const { issuer, host, port, managementHost, managementPort } = config
  const seconds = performance.now() / 1000
  logger.info({ issuer, host, port, seconds: Number(seconds.toFixed(2)) }, 'ready')
  if (!process.stdout.isTTY) return
  const probes = managementPort === 0 ? undefined : `http://${managementHost}:${managementPort}`
  process.stdout.write(banner({ issuer, seconds, management: probes }))
}
