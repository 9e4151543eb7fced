/** The addresses that a server listens on, with the settings that define them. */
import type { Config } from '#config/config.ts'
import type { Address } from '#http/http-server.ts'

export function publicAddress({ server }: Pick<Config, 'server'>): Address {
  return { host: server.host, port: server.port, variables: { host: 'HOST', port: 'PORT' } }
}

/** Returns the address for a worker. On Linux the kernel shares the port; elsewhere node:cluster does. */
export function workerAddress(config: Pick<Config, 'server'>): Address {
  return { ...publicAddress(config), shared: process.platform === 'linux' }
}

export function managementAddress({ management }: Pick<Config, 'management'>): Address {
  const variables = { host: 'SIGNET_MANAGEMENT_HOST', port: 'SIGNET_MANAGEMENT_PORT' }
  return { host: management.host, port: management.port, variables }
}
