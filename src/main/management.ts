/** The management listener of the process that leads: probes and metrics, if it is switched on. */
import type { Config } from '#config/config.ts'
import { listenError } from '#http/http-server.ts'
import type { Logger } from '#observability/logger.ts'
import { createManagementServer, type ManagementServerDeps } from '#observability/management-server.ts'
import { managementAddress } from './addresses.ts'

/** Returns how to close it; undefined when port 0 switches it off. Throws ListenError when the port cannot be had. */
export async function startManagement(
  config: Config,
  deps: Pick<ManagementServerDeps, 'health' | 'metrics'> & { readonly logger: Logger },
): Promise<(() => Promise<void>) | undefined> {
  const address = managementAddress(config)
  if (address.port === 0) return undefined
  const server = createManagementServer(deps)
  try {
    await server.listen(address)
  } catch (error) {
    throw listenError(error, address)
  }
  return () => server.close()
}
