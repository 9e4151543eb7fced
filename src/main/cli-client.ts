/** Registers the key of the CLI's client, `signet-cli`, at start. */
import type { JWK } from 'jose'
import { CLI_CLIENT_ID, followIssuer, seedCliClient } from '#admin/cli-client.ts'
import { cliKeyPath, makeCliKey, readCliPublicKey } from '#admin/cli-key.ts'
import { ADMIN_SCOPES, adminResourceOf } from '#admin/scopes.ts'
import type { ManagedClients } from '#clients/clients.ts'
import type { Config } from '#config/config.ts'
import type { Logger } from '#observability/logger.ts'
import type { Resources } from '#resources/resource.ts'

const SCOPES = Object.keys(ADMIN_SCOPES)

export interface CliClientServices {
  readonly clients: ManagedClients
  readonly resources: Pick<Resources, 'find'>
}

/**
 * Registers the key that `signet init` created, once. In development the first start creates it too. A lost key is
 * replaced, and a deleted client registered again, only by `signet recover`, because that changes who can administer the
 * server.
 */
export async function prepareCliClient(
  config: Pick<Config, 'production' | 'keysDir' | 'issuer'>,
  { clients, resources }: CliClientServices,
  logger: Logger,
): Promise<void> {
  const adminResource = adminResourceOf(config.issuer)
  await followIssuer(clients, resources, adminResource, SCOPES)
  const key = await keyToRegister(config, clients, logger)
  if (key === undefined) return
  const path = cliKeyPath(config.keysDir)
  const state = await seedCliClient(clients, key, adminResource, SCOPES)
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

/** Returns the public key in the keys directory. In development it is created for a new server. */
async function keyToRegister(
  { keysDir, production }: Pick<Config, 'production' | 'keysDir'>,
  clients: Pick<ManagedClients, 'read' | 'wasDeleted'>,
  logger: Logger,
): Promise<JWK | undefined> {
  const key = readCliPublicKey(keysDir)
  if (key !== undefined) return key
  if ((await clients.read(CLI_CLIENT_ID)) !== undefined || (await clients.wasDeleted(CLI_CLIENT_ID))) return undefined
  if (!production) {
    makeCliKey(keysDir)
    return readCliPublicKey(keysDir)
  }
  logger.warn(`there is no ${cliKeyPath(keysDir)}: run "signet init" to administer this server by the command line`)
  return undefined
}
