/** One serving process: services, app and the public listener. */
import { createApp } from '#app.ts'
import type { Config } from '#config/config.ts'
import type { Secrets } from '#config/secrets.ts'
import { untilAnswered } from '#database/reachable.ts'
import { createHttpServer } from '#http/http-server.ts'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import { loadLanguages } from '#languages/languages.ts'
import { createServices, type ServiceOverrides } from '#services.ts'
import { mtlsAddress, publicAddress, workerAddress } from './addresses.ts'
import { type Certificate, readCertificate, watchCertificate } from './certificate.ts'
import { prepareCliClient } from './cli-client.ts'
import type { DatabaseUrls } from './database.ts'

export interface NodeDeps {
  readonly config: Config
  readonly secrets: Secrets
  readonly database: DatabaseUrls
  readonly logger: Logger
  readonly metrics: Metrics
}

export interface ServingNode {
  /** Finishes open requests, closes everything and resolves with the number of requests that were cut off. */
  drain(timeoutMs: number): Promise<number>
}

/**
 * Starts serving; resolves once requests are served. Throws AppError when a certificate, a service or the port is not
 * available.
 */
export async function startNode(
  { config, secrets, database, logger, metrics }: NodeDeps,
  overrides: ServiceOverrides = {},
): Promise<ServingNode> {
  await using life = new AsyncDisposableStack()
  const { tls, mtls, mtlsClientCaFile: clientCaFile, tlsProfile: profile } = config
  const files = tls && { ...tls, clientCaFile }
  const certificate = files && readCertificate(files)
  await loadLanguages()
  const { url: databaseUrl, directUrl: databaseDirectUrl } = database
  const services = await createServices({ config, secrets, databaseUrl, databaseDirectUrl, logger, metrics }, overrides)
  life.defer(() => services.close())
  await untilAnswered(() => prepareCliClient(config, services, logger), logger)
  const handler = createApp(services).callback()
  const server = createHttpServer({ handler, tls: certificate && { certificate, profile } })
  const servers = [server]
  await server.listen(config.workers > 1 ? workerAddress(config) : publicAddress(config))
  if (certificate && mtls?.port !== undefined) {
    const asking = createHttpServer({ handler, tls: { certificate, profile, asksClients: true } })
    servers.push(asking)
    await asking.listen(mtlsAddress(config, mtls.port))
  }
  const replace = (next: Certificate) => servers.forEach((one) => one.replaceCertificate(next))
  if (files) life.defer(watchCertificate(files, replace, logger))
  const resources = life.move()
  return {
    drain: async (timeoutMs) => {
      const cutOff = await Promise.all(servers.map((one) => one.drain(timeoutMs)))
      await resources.disposeAsync()
      return cutOff.reduce((sum, count) => sum + count, 0)
    },
  }
}
