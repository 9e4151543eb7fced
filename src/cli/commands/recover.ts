/** `signet recover`: replaces the key of `signet-cli` when its private key is lost. */
import { rmSync } from 'node:fs'
import type { Command } from 'commander'
import type { JWK } from 'jose'
import { CLI_CLIENT_ID } from '#admin/cli-client.ts'
import { cliKeyPath, makeCliKey } from '#admin/cli-key.ts'
import { ADMIN_SCOPES, adminResourceOf } from '#admin/scopes.ts'
import { SYSTEM, type Audit } from '#audit/audit.ts'
import type { Clients } from '#clients/client.ts'
import type { Config } from '#config/config.ts'
import { loadConfig } from '#config/load.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { offersOf } from '#oidc/offers.ts'
import { systemClock } from '#shared/clock.ts'
import type { CliContext } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { type LocalUrls, withLocalDatabase } from '../local-database.ts'

export function register(program: Command, context: CliContext): void {
  program
    .command('recover')
    .description('make a new key for signet-cli when the old one is lost')
    .addHelpText(
      'after',
      `
Makes a new key in SIGNET_KEYS_DIR and registers it in place of the lost one, which no longer works. Run it on the
server, with the settings of the server; the audit log records it. With the embedded database, stop the server first.

Examples:
  $ signet recover
  $ SIGNET_KEYS_DIR=/var/lib/signet/keys signet recover --json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const loaded = loadConfig(context.env, { masterKeys: 'none' })
      const file = cliKeyPath(loaded.config.keysDir)
      const { kid, registered } = await withLocalDatabase(loaded, (urls) => recover(loaded.config, urls))
      const result = { client_id: CLI_CLIENT_ID, kid, file, registered }
      context.stdout.write(json ? `${JSON.stringify(result)}\n` : describe(file, registered))
    })
}

/** Creates the file first, so that an unwritable directory changes nothing, and deletes it if the rest fails. */
async function recover(
  { keysDir, issuer }: Pick<Config, 'keysDir' | 'issuer'>,
  urls: LocalUrls,
): Promise<{ kid: string | undefined; registered: boolean }> {
  const key = makeCliKey(keysDir)
  if (key === undefined) {
    throw new CliFailure(
      `${cliKeyPath(keysDir)} exists, and a key is never written over: move it away, then run "signet recover" again.`,
      { code: 'key_exists' },
    )
  }
  try {
    const registered = await withServices(issuer, urls, ({ clients, audit }) => replaceKey(clients, audit, key))
    return { kid: key.kid, registered }
  } catch (error) {
    rmSync(cliKeyPath(keysDir), { force: true })
    throw error
  }
}

/**
 * Registers the key. Returns false when the client does not exist yet: the server registers the key at its next start.
 */
async function replaceKey(clients: Clients, audit: Audit, key: JWK): Promise<boolean> {
  const client = await clients.read(CLI_CLIENT_ID)
  if (client !== undefined) {
    await clients.update(CLI_CLIENT_ID, { metadata: { ...client.metadata, jwks: { keys: [key] } } }, undefined, SYSTEM)
    // Recovery must give access, so a disabled client is enabled too.
    if (client.status === 'disabled') await clients.setStatus(CLI_CLIENT_ID, 'enabled', undefined, SYSTEM)
  }
  await audit.record({
    ...SYSTEM,
    type: 'admin.recovered',
    outcome: 'success',
    subject: { kind: 'client', id: CLI_CLIENT_ID },
    detail: { kid: key.kid },
  })
  return client !== undefined
}

/** Calls `work` with the services that a recovery needs, without the rest of the server. */
async function withServices<T>(
  issuer: string,
  { url, directUrl }: LocalUrls,
  work: (services: { clients: Clients; audit: Audit }) => Promise<T>,
): Promise<T> {
  const [{ createDatabase }, { createNotifications }, { migrate }, { createLogger }] = await Promise.all([
    import('#database/pool.ts'),
    import('#database/notify.ts'),
    import('#schema.ts'),
    import('#observability/logger.ts'),
  ])
  const [{ createAudit }, { createResources }, { createClients }] = await Promise.all([
    import('#audit/recorder.ts'),
    import('#resources/resources.ts'),
    import('#clients/clients.ts'),
  ])
  await migrate({ url: directUrl })
  const logger = createLogger({ level: 'silent', format: 'json' })
  const db = createDatabase({ url, poolSize: 2, logger })
  const notifications = await createNotifications({ url: directUrl, logger })
  try {
    const deps = { db, notifications, audit: createAudit({ db }), clock: systemClock }
    const resources = createResources(deps)
    const adminResource = {
      identifier: adminResourceOf(issuer),
      scopes: Object.keys(ADMIN_SCOPES).map((name) => ({ name })),
    }
    const findResource = async (identifier: string) =>
      identifier === adminResource.identifier ? adminResource : resources.find(identifier)
    return await work({
      audit: deps.audit,
      clients: createClients({ ...deps, findResource, offers: offersOf(GRANTS) }),
    })
  } finally {
    await notifications.close()
    await db.close()
  }
}

function describe(file: string, registered: boolean): string {
  const rest = registered
    ? 'The lost one no longer works. The audit log records this as admin.recovered.'
    : 'The server registers it when it starts, for this database does not know the client yet.'
  return `signet-cli has a new key: ${file}\n\n${rest}\n`
}
