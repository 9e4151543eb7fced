/** The management listener of the process that leads: probes, metrics and, in development, mail; if it is switched on. */
import type { Config } from '#config/config.ts'
import type { Loaded } from '#config/load.ts'
import type { Queryable } from '#database/database.ts'
import { listenError } from '#http/http-server.ts'
import { createDevMailbox, DEV_MAIL_PATH } from '#mail/dev-mailbox.ts'
import type { Logger } from '#observability/logger.ts'
import { createManagementServer, type ManagementServerDeps } from '#observability/management-server.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { managementAddress } from './addresses.ts'

/** Returns how to close it; undefined when port 0 switches it off. Throws ListenError when the port cannot be had. */
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

/** The mails that were kept, where a server keeps them: in development without a relay. */
export function devMailRoutes(
  { config, secrets }: Pick<Loaded, 'config' | 'secrets'>,
  db: () => Queryable | undefined,
): NonNullable<ManagementServerDeps['routes']> {
  if (config.production || secrets.smtpUrl !== undefined) return {}
  const { host } = config.management
  return { [DEV_MAIL_PATH]: createDevMailbox({ db, keyring: createKeyring(secrets.masterKeys), host }) }
}
