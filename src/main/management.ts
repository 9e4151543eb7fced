/** The management listener of the primary process: probes, metrics and, in development, mail. */
import type { Config } from '#config/config.ts'
import type { Loaded } from '#config/load.ts'
import type { Queryable } from '#database/database.ts'
import { listenError } from '#http/http-server.ts'
import { createDevMailbox, DEV_MAIL_PATH } from '#mail/dev-mailbox.ts'
import type { Logger } from '#observability/logger.ts'
import { createManagementServer, type ManagementServerDeps } from '#observability/management-server.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { managementAddress } from './addresses.ts'

/**
 * Starts the listener and returns the function that closes it, or undefined when port 0 disables it. Throws ListenError
 * when the port is not available.
 */
export async function startManagement(
  config: Config,
  deps: Pick<ManagementServerDeps, 'health' | 'metrics' | 'routes'> & { readonly logger: Logger },
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

/** Returns the route of the development mailbox: in development without a relay. */
export function devMailRoutes(
  { config, secrets }: Pick<Loaded, 'config' | 'secrets'>,
  db: () => Queryable | undefined,
): NonNullable<ManagementServerDeps['routes']> {
  if (config.production || secrets.smtpUrl !== undefined) return {}
  const { managementHost: host } = config
  return { [DEV_MAIL_PATH]: createDevMailbox({ db, keyring: createKeyring(secrets.masterKeys), host }) }
}
