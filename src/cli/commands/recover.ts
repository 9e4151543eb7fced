/** `signet recover`: gives `signet-cli` a new key and all its rights, when the key is lost or the client was deleted. */
import { rmSync } from 'node:fs'
import type { Command } from 'commander'
import { CLI_CLIENT_ID, recoverCliClient } from '#admin/cli-client.ts'
import { cliKeyPath, makeCliKey } from '#admin/cli-key.ts'
import { administrationOf, adminResourceOf, builtInAdminResource } from '#admin/scopes.ts'
import { SYSTEM, type Audit } from '#audit/audit.ts'
import type { ManagedClients } from '#clients/clients.ts'
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
    .description('give signet-cli a new key and all its rights, when the key is lost or the client was deleted')
    .addHelpText(
      'after',
      `
Makes a new key in SIGNET_KEYS_DIR and registers it in place of the lost one, which no longer works. If signet-cli was
deleted, disabled or restricted, it is restored with all scopes of the admin API. Run it on the server, with the
settings of the server; the audit log records it. With the embedded database, stop the server first.

Examples:
  $ signet recover
  $ SIGNET_KEYS_DIR=/var/lib/signet/keys signet recover --json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const loaded = loadConfig(context.env, { masterKeys: 'none' })
      const file = cliKeyPath(loaded.config.keysDir)
      const kid = await withLocalDatabase(loaded, (urls) => recover(loaded.config, urls))
      const result = { client_id: CLI_CLIENT_ID, kid, file, registered: true }
      context.stdout.write(json ? `${JSON.stringify(result)}\n` : describe(file))
    })
}

/** Creates the file first, so that an unwritable directory changes nothing, and deletes it if the rest fails. */
async function recover(
  { keysDir, issuer }: Pick<Config, 'keysDir' | 'issuer'>,
  urls: LocalUrls,
): Promise<string | undefined> {
  const key = makeCliKey(keysDir)
  if (key === undefined) {
    throw new CliFailure(
      `${cliKeyPath(keysDir)} exists, and a key is never written over: move it away, then run "signet recover" again.`,
      { code: 'key_exists' },
    )
  }
  try {
    await withServices(issuer, urls, async ({ clients, audit }) => {
      await recoverCliClient(clients, key, adminResourceOf(issuer))
      await audit.record({
        ...SYSTEM,
        type: 'admin.recovered',
        outcome: 'success',
        subject: { kind: 'client', id: CLI_CLIENT_ID },
        detail: { kid: key.kid },
      })
    })
    return key.kid
  } catch (error) {
    rmSync(cliKeyPath(keysDir), { force: true })
    throw error
  }
}

/** Calls `work` with the services that a recovery needs, without the rest of the server. */
async function withServices<T>(
  issuer: string,
  { url, directUrl }: LocalUrls,
  work: (services: { clients: ManagedClients; audit: Audit }) => Promise<T>,
): Promise<T> {
  const [{ createDatabase }, { createNotifications }, { migrate }, { createLogger }] = await Promise.all([
    import('#database/pool.ts'),
    import('#database/notify.ts'),
    import('#schema.ts'),
    import('#observability/logger.ts'),
  ])
  const [{ createAudit }, { createClients }, { createGuardedFetch }] = await Promise.all([
    import('#audit/recorder.ts'),
    import('#clients/clients.ts'),
    import('#outbound/guarded-fetch.ts'),
  ])
  await migrate({ url: directUrl })
  const logger = createLogger({ level: 'silent', format: 'json' })
  const db = createDatabase({ url, poolSize: 2, logger })
  const notifications = await createNotifications({ url: directUrl, logger })
  try {
    const deps = { db, notifications, audit: createAudit({ db }), clock: systemClock }
    const adminResource = builtInAdminResource(issuer)
    const administration = administrationOf(issuer)
    // the client has no address to fetch
    const fetch = createGuardedFetch({ allow: [] })
    // the client is allowed nothing else
    const findResource = async (identifier: string) =>
      identifier === adminResource.identifier ? adminResource : undefined
    return await work({
      audit: deps.audit,
      clients: createClients({ ...deps, fetch, findResource, administration, offers: offersOf(GRANTS, undefined) }),
    })
  } finally {
    await notifications.close()
    await db.close()
  }
}

function describe(file: string): string {
  return `signet-cli has a new key: ${file}

Earlier keys no longer work. The client has all scopes of the admin API. The audit log records this as admin.recovered.
`
}
