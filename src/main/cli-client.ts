/** Registers the key of the CLI's client, `signet-cli`, at start. */
import { CLI_CLIENT_ID, ensureCliClient } from '#admin/cli-client.ts'
import { cliKeyPath, makeCliKey, readCliPublicKey } from '#admin/cli-key.ts'
import { ADMIN_SCOPES, adminResourceOf } from '#admin/scopes.ts'
import type { Clients } from '#clients/client.ts'
import type { Config } from '#config/config.ts'
import type { Logger } from '#observability/logger.ts'

/**
 * Registers the key that `signet init` created. In development the first start creates it too. Only `signet recover`
 * replaces a lost key, because that changes who can administer the server.
 */
export async function prepareCliClient(
  config: Pick<Config, 'production' | 'keysDir' | 'issuer'>,
  clients: Clients,
  logger: Logger,
): Promise<void> {
  const { keysDir, issuer, production } = config
  let key = readCliPublicKey(keysDir)
  if (key === undefined) {
    if ((await clients.read(CLI_CLIENT_ID)) !== undefined) return
    if (!production) {
      makeCliKey(keysDir)
      key = readCliPublicKey(keysDir)
    }
  }
  if (key === undefined) {
    logger.warn(`there is no ${cliKeyPath(keysDir)}: run "signet init" to administer this server by the command line`)
    return
  }
  const state = await ensureCliClient(clients, key, adminResourceOf(issuer), Object.keys(ADMIN_SCOPES))
  if (state === 'other-key') {
    logger.warn(
      `${cliKeyPath(keysDir)} is not the key that ${CLI_CLIENT_ID} is registered with: put the right one there, or move it away and run "signet recover"`,
    )
  }
}
