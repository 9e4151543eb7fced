/** A whole server in the process of the test: the services as production makes them, but for what the test hands in. */
import { createApp } from '#app.ts'
import { loadConfig } from '#config/load.ts'
import { createHttpServer } from '#http/http-server.ts'
import { createDatabase } from '#database/pool.ts'
import { databaseNow } from '#database/database-now.ts'
import { createHealth } from '#observability/health.ts'
import { createLogger } from '#observability/logger.ts'
import { createMetrics, type Metrics } from '#observability/metrics.ts'
import { createServices, type ServiceOverrides } from '#services.ts'
import { systemClock } from '#shared/clock.ts'
import { prepareCliClient } from '../../src/main/cli-client.ts'
import { devMailRoutes, startManagement } from '../../src/main/management.ts'
import { atEnd } from './endings.ts'
import { freePort } from './ports.ts'
import { cloneDatabase } from './postgres.ts'
import { fetchTo, type Server, temporaryDir } from './server.ts'

export interface ServerHere extends Pick<Server, 'issuer' | 'fetch' | 'keysDir' | 'databaseUrl' | 'managementUrl'> {
  readonly metrics: Metrics
}

/**
 * Starts a server that answers once this resolves, and stops with the test file. Its key of `signet-cli` is in
 * `keysDir`.
 */
export async function serveHere(overrides: ServiceOverrides = {}): Promise<ServerHere> {
  const databaseUrl = (await cloneDatabase()).url
  const keysDir = temporaryDir('keys')
  const [port, managementPort] = [await freePort(), await freePort()]
  const { config, secrets } = loadConfig({
    PORT: String(port),
    SIGNET_MANAGEMENT_PORT: String(managementPort),
    SIGNET_KEYS_DIR: keysDir,
    DATABASE_URL: databaseUrl,
  })
  const logger = createLogger({ level: 'error', format: 'json' })
  const metrics = createMetrics()
  const input = { config, secrets, databaseUrl, databaseDirectUrl: databaseUrl, logger, metrics }
  const services = await createServices(input, overrides)
  atEnd(() => services.close().finally(() => metrics.close()))
  await prepareCliClient(config, services.clients, logger)
  const server = createHttpServer({ handler: createApp(services).callback() })
  await server.listen({ host: '127.0.0.1', port, variables: { host: 'HOST', port: 'PORT' } })
  const { fetch, agent } = fetchTo(port, config.issuer)
  atEnd(async () => {
    await agent.destroy()
    await server.drain(1000)
  })
  const probe = createDatabase({ url: databaseUrl, poolSize: 1 })
  atEnd(() => probe.close())
  const health = createHealth({ databaseNow: () => databaseNow(probe), clock: systemClock })
  const routes = devMailRoutes({ config, secrets }, () => probe)
  const stopManagement = await startManagement(config, { health, metrics, logger, routes })
  atEnd(() => stopManagement?.())
  const managementUrl = `http://127.0.0.1:${managementPort}`
  return { issuer: config.issuer, fetch, keysDir, databaseUrl, managementUrl, metrics }
}
