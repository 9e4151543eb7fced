/** PostgreSQL at start: embedded or given, reachable, with a schema this release can serve and our master key. */
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '#config/config.ts'
import type { Loaded } from '#config/load.ts'
import type { Secrets } from '#config/secrets.ts'
import type { Database } from '#database/database.ts'
import { startEmbedded } from '#embedded-postgres/embedded-postgres.ts'
import { migrationStatus } from '#database/migrate.ts'
import { createDatabase } from '#database/pool.ts'
import { waitForDatabase } from '#database/reachable.ts'
import type { Logger } from '#observability/logger.ts'
import { loadMigrator, migrate } from '#schema.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { checkMasterKeys, MasterKeyWrong } from '#sealing/master-key-store.ts'
import { settleRestoreEpoch } from './restore-epoch.ts'

export interface DatabaseUrls {
  readonly url: string
  /** Past PgBouncer. */
  readonly directUrl: string
}

const PATIENCE_MS = 30_000
const SCHEMA_POLL_MS = 1000

export interface OpenedDatabase extends DatabaseUrls {
  /** One connection of its own, which no load can starve. */
  readonly probe: Database
  close(): Promise<void>
}

/**
 * Everything that must hold before a service is built. `waitingFor` is told what a start waits for. Throws
 * EmbeddedPostgresError, DatabaseStartError, MasterKeyWrong or RestoreEpochBehind with one sentence that says what to do.
 */
export async function openDatabase(
  { config, secrets, madeMasterKey }: Loaded,
  logger: Logger,
  waitingFor: (reason: string) => void,
): Promise<OpenedDatabase> {
  await using life = new AsyncDisposableStack()
  const { stop, ...urls } = await startDatabase(config, secrets, logger)
  life.defer(stop)
  await prepareSchema(config.database.migrate, urls, waitingFor, logger)
  const probe = createDatabase({ url: urls.url, poolSize: 1, applicationName: 'signet-probe', logger })
  life.defer(() => probe.close())
  await compareMasterKeys(probe, secrets, madeMasterKey)
  await settleRestoreEpoch(config.restoreEpoch, { probe, directUrl: urls.directUrl, logger })
  const kept = life.move()
  return { ...urls, probe, close: () => kept.disposeAsync() }
}

/** A key that this very start made, and that turns out not to be the one wanted, would only be in the way. */
async function compareMasterKeys(db: Database, secrets: Secrets, madeMasterKey: string | undefined): Promise<void> {
  try {
    await checkMasterKeys(db, createKeyring(secrets.masterKeys))
  } catch (error) {
    if (error instanceof MasterKeyWrong && madeMasterKey !== undefined) rmSync(madeMasterKey, { force: true })
    throw error
  }
}

/** Starts the embedded database, or waits for the given one up to 30 seconds. Throws EmbeddedPostgresError and DatabaseStartError. */
async function startDatabase(
  config: Config,
  secrets: Secrets,
  logger: Logger,
): Promise<DatabaseUrls & { stop(): Promise<void> }> {
  const { databaseUrl: url, databaseDirectUrl: directUrl } = secrets
  if (url !== undefined) {
    await waitForDatabase(url, PATIENCE_MS, logger)
    if (directUrl !== undefined && directUrl !== url) await waitForDatabase(directUrl, PATIENCE_MS, logger)
    return { url, directUrl: directUrl ?? url, stop: async () => {} }
  }
  // who needs it hears of a failure
  const onCreate = () => void loadMigrator().catch(() => {})
  const embedded = await startEmbedded({ dataDir: config.database.dataDir, logger, onCreate })
  return { url: embedded.url, directUrl: embedded.url, stop: () => embedded.stop() }
}

/**
 * Migrates, or, with SIGNET_MIGRATE=off, waits until someone else has; `waitingFor` is told what for. Throws
 * DatabaseStartError when the database belongs to a newer release.
 */
async function prepareSchema(
  mode: Config['database']['migrate'],
  { directUrl: url }: DatabaseUrls,
  waitingFor: (reason: string) => void,
  logger: Logger,
): Promise<void> {
  for (let said = false; ; said = true) {
    const { pending } = await migrationStatus({ url })
    if (pending.length === 0) return
    if (mode === 'auto') {
      await migrate({ url, logger })
      return
    }
    const reason = `the schema is older than this release (${pending.length} steps pending): run "signet migrate"`
    waitingFor(reason)
    if (!said) logger.warn({ pending }, reason)
    await delay(SCHEMA_POLL_MS)
  }
}
