/** Opens PostgreSQL at start: embedded or given, reachable, with a supported schema and our master keys. */
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '#config/config.ts'
import type { Loaded } from '#config/load.ts'
import type { Secrets } from '#config/secrets.ts'
import type { Database } from '#database/database.ts'
import { startEmbedded } from '#embedded-postgres/embedded-postgres.ts'
import { migrationStatus } from '#database/migrate.ts'
import { createDatabase } from '#database/pool.ts'
import { START_PATIENCE_MS, untilAnswered, waitForDatabase } from '#database/reachable.ts'
import type { Logger } from '#observability/logger.ts'
import { loadMigrator, migrate } from '#schema.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { checkMasterKeys, MasterKeyWrong } from '#sealing/master-key-store.ts'
import { settleRestoreEpoch } from './restore-epoch.ts'

export interface DatabaseUrls {
  readonly url: string
  /** A direct connection that bypasses PgBouncer. */
  readonly directUrl: string
}

const SCHEMA_POLL_MS = 1000

export interface OpenedDatabase extends DatabaseUrls {
  /** A pool of one connection for probes, which load on the main pool cannot exhaust. */
  readonly probe: Database
  close(): Promise<void>
}

/**
 * Prepares the database before any service is built. `waitingFor` is called with what the start waits for. Throws
 * EmbeddedPostgresError, DatabaseStartError, MasterKeyWrong or RestoreEpochBehind, each with one sentence that says
 * what to do.
 */
export async function openDatabase(
  { config, secrets, madeMasterKey: newMasterKeyFile }: Loaded,
  logger: Logger,
  waitingFor: (reason: string) => void,
): Promise<OpenedDatabase> {
  await using life = new AsyncDisposableStack()
  const { stop, ...urls } = await startDatabase(config, secrets, logger)
  life.defer(stop)
  await prepareSchema(config.migrate, urls, waitingFor, logger)
  const probe = createDatabase({ url: urls.url, poolSize: 1, applicationName: 'signet-probe', logger })
  life.defer(() => probe.close())
  await untilAnswered(() => compareMasterKeys(probe, secrets, newMasterKeyFile), logger)
  const { directUrl } = urls
  await untilAnswered(() => settleRestoreEpoch(config.restoreEpoch, { probe, directUrl, logger }), logger)
  const resources = life.move()
  return { ...urls, probe, close: () => resources.disposeAsync() }
}

/** Checks the master keys. Deletes a key file that this start created if the database needs another key. */
async function compareMasterKeys(db: Database, secrets: Secrets, newMasterKeyFile: string | undefined): Promise<void> {
  try {
    await checkMasterKeys(db, createKeyring(secrets.masterKeys))
  } catch (error) {
    if (error instanceof MasterKeyWrong && newMasterKeyFile !== undefined) rmSync(newMasterKeyFile, { force: true })
    throw error
  }
}

/**
 * Starts the embedded database, or waits up to 30 seconds for the given one. Throws EmbeddedPostgresError and
 * DatabaseStartError.
 */
async function startDatabase(
  config: Config,
  secrets: Secrets,
  logger: Logger,
): Promise<DatabaseUrls & { stop(): Promise<void> }> {
  const { databaseUrl: url, databaseDirectUrl: directUrl } = secrets
  if (url !== undefined) {
    await waitForDatabase(url, START_PATIENCE_MS, logger)
    if (directUrl !== undefined && directUrl !== url) await waitForDatabase(directUrl, START_PATIENCE_MS, logger)
    return { url, directUrl: directUrl ?? url, stop: async () => {} }
  }
  // the migration reports a failure
  const onCreate = () => void loadMigrator().catch(() => {})
  const embedded = await startEmbedded({ dataDir: config.dataDir, logger, onCreate })
  return { url: embedded.url, directUrl: embedded.url, stop: () => embedded.stop() }
}

/**
 * Migrates the schema or, with SIGNET_MIGRATE=off, waits until somebody has; `waitingFor` is called with the reason.
 * Throws DatabaseStartError when the database belongs to a newer release.
 */
async function prepareSchema(
  mode: Config['migrate'],
  { directUrl: url }: DatabaseUrls,
  waitingFor: (reason: string) => void,
  logger: Logger,
): Promise<void> {
  const options = { url, logger, waitMs: START_PATIENCE_MS }
  for (let logged = false; ; logged = true) {
    const { pending } = await migrationStatus(options)
    if (pending.length === 0) return
    if (mode === 'auto') {
      await migrate(options)
      return
    }
    const reason = `the schema is older than this release (${pending.length} steps pending): run "signet migrate"`
    waitingFor(reason)
    if (!logged) logger.warn({ pending }, reason)
    await delay(SCHEMA_POLL_MS)
  }
}
