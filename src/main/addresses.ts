/** The addresses that a server listens on, with the settings that define them. */
import type { Config } from '#config/config.ts'
import type { Address } from '#http/http-server.ts'

export function publicAddress({ host, port }: Pick<Config, 'host' | 'port'>): Address {
  return { host, port, variables: { host: 'HOST', port: 'PORT' } }
}

/** Returns the address for a worker. On Linux the kernel shares the port; elsewhere node:cluster does. */
export function workerAddress(config: Pick<Config, 'host' | 'port'>): Address {
  return { ...publicAddress(config), shared: process.platform === 'linux' }
}

/** Returns the address of the listener that asks clients for a certificate, for a worker too. */
export function mtlsAddress({ host, workers }: Pick<Config, 'host' | 'workers'>, port: number): Address {
  const variables = { host: 'HOST', port: 'SIGNET_MTLS_PORT' }
  return { host, port, variables, shared: workers > 1 && process.platform === 'linux' }
}

export function managementAddress({
  managementHost: host,
  managementPort: port,
}: Pick<Config, 'managementHost' | 'managementPort'>): Address {
  const variables = { host: 'SIGNET_MANAGEMENT_HOST', port: 'SIGNET_MANAGEMENT_PORT' }
  return { host, port, variables }
}
