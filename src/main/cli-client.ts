/** Registers the key of the CLI's client, `signet-cli`, at start. */
import type { JWK } from 'jose'
import { CLI_CLIENT_ID, cliClientState, followIssuer, seedCliClient } from '#admin/cli-client.ts'
import { cliKeyPath, makeCliKey, readCliPublicKey } from '#admin/cli-key.ts'
import { adminResourceOf } from '#admin/scopes.ts'
import type { ManagedClients } from '#clients/clients.ts'
import type { Config } from '#config/config.ts'
import type { Logger } from '#observability/logger.ts'
import type { Resources } from '#resources/resource.ts'

export interface CliClientServices {
  readonly clients: ManagedClients
  readonly resources: Pick<Resources, 'find'>
}

/**
 * Registers the key that `signet init` created, once. In development the first start creates the key too. Only `signet
 * recover` replaces a lost key or registers a deleted client again, because that changes who can administer the server.
 */
export async function prepareCliClient(
  config: Pick<Config, 'production' | 'keysDir' | 'issuer'>,
  { clients, resources }: CliClientServices,
  logger: Logger,
): Promise<void> {
  const adminResource = adminResourceOf(config.issuer)
  const path = cliKeyPath(config.keysDir)
  const client = await clients.read(CLI_CLIENT_ID)
  if (client) await followIssuer({ clients, resources }, client, adminResource)
  const key = readCliPublicKey(config.keysDir) ?? (client ? undefined : await keyOfNewServer(config, clients, logger))
  if (key === undefined) return
  const state = client ? cliClientState(client, key) : await seedCliClient(clients, key, adminResource)
  if (state === 'other-key') {
    logger.warn(
      `${path} is not the key that ${CLI_CLIENT_ID} is registered with: put the right one there, or move it away and run "signet recover"`,
    )
  }
  if (state === 'deleted') {
    logger.info(
      `${CLI_CLIENT_ID} was deleted and stays deleted; to bring it back, move ${path} away and run "signet recover"`,
    )
  }
}

/** Creates the key of a new server in development. Otherwise, or when the client was deleted, returns undefined. */
async function keyOfNewServer(
  { keysDir, production }: Pick<Config, 'production' | 'keysDir'>,
  clients: Pick<ManagedClients, 'wasDeleted'>,
  logger: Logger,
): Promise<JWK | undefined> {
  if (await clients.wasDeleted(CLI_CLIENT_ID)) return undefined
  if (!production) return makeCliKey(keysDir) ?? readCliPublicKey(keysDir)
  logger.warn(`there is no ${cliKeyPath(keysDir)}: run "signet init" to administer this server by the command line`)
  return undefined
}
