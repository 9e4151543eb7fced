/** Migrates the schema, safely from several nodes at once, and reports its status. */
import type { Knex } from 'knex'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Log } from '#shared/log.ts'
import { MIGRATIONS } from '../../migrations/registry.ts'
import { DatabaseStartError, sqlState } from './errors.ts'
import { connectAtStart } from './reachable.ts'
import { RELEASE } from './release.ts'

export interface MigrateOptions {
  /** A direct connection: its lock would not survive PgBouncer in transaction mode. */
  readonly url: string
  readonly logger?: Log
  /** How long to try to connect; by default, there is one attempt. */
  readonly waitMs?: number
}

export interface MigrationStatus {
  /** Names of the applied migrations, oldest first; may include ones of a newer release that this one does not know. */
  readonly applied: readonly string[]
  /** Names of the pending migrations, oldest first. */
  readonly pending: readonly string[]
}

type MigrationName = keyof typeof MIGRATIONS

const TABLE = 'schema_migrations'
/** The advisory lock for migrations: an arbitrary number, the same in all releases. */
const ADVISORY_LOCK = 7_436_118_265
const LOCK_ATTEMPTS = 15

/**
 * Applies all pending migrations and returns their names; other nodes wait for the one that migrates. `before` runs
 * first when there is a pending migration: it creates what migrations need from another room (see schema.ts). Throws
 * DatabaseStartError when the database cannot be used, is older than PostgreSQL 14 or belongs to a newer release.
 */
export async function migrate(options: MigrateOptions, before: () => Promise<void>): Promise<string[]> {
  return withConnection(options, async (client) => {
    if ((await statusOf(client)).pending.length === 0) return []
    const taken = await withMigrationLock(client, options, async (knex) => {
      await before()
      await knex.migrate.latest()
    })
    if (taken.length > 0) options.logger?.info({ migrations: taken }, 'schema migrated')
    return taken
  })
}

/**
 * Reverts the last migration, or all of them with `all` (for tests), and returns their names, last one first. Throws
 * DatabaseStartError as `migrate` does, and when a migration refuses because data would be lost.
 */
export async function rollback(options: MigrateOptions & { all?: boolean }): Promise<string[]> {
  return withConnection(options, async (client) => {
    const last = (await statusOf(client)).applied.at(-1)
    if (last !== undefined && !(last in MIGRATIONS)) {
      throw new DatabaseStartError(
        `The last step of the schema, ${last}, belongs to a newer Signet: take it back with that version.`,
      )
    }
    return withMigrationLock(client, options, (knex) =>
      options.all ? knex.migrate.rollback(undefined, true) : knex.migrate.down(),
    ).catch(refusalOfStep)
  })
}

/** Migrations cannot import our errors, so one that refuses to be reverted throws an error of this name. */
function refusalOfStep(error: unknown): never {
  if (error instanceof Error && error.name === 'StepStays') throw new DatabaseStartError(error.message)
  throw error
}

/**
 * Returns the status of the schema. It only reads, so a role without DDL privileges can call it. Throws as `migrate`.
 */
export async function migrationStatus(options: MigrateOptions): Promise<MigrationStatus> {
  return withConnection(options, statusOf)
}

async function withConnection<T>(options: MigrateOptions, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const { url, logger, waitMs: timeoutMs = 0 } = options
  const client = await connectAtStart(url, { applicationName: 'signet-migrate', timeoutMs, logger })
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function statusOf(client: pg.Client): Promise<MigrationStatus> {
  await refuseNewerRelease(client)
  const applied = await appliedMigrations(client)
  return { applied, pending: Object.keys(MIGRATIONS).filter((name) => !applied.includes(name)) }
}

async function appliedMigrations(client: pg.Client): Promise<string[]> {
  if (!(await tableExists(client, TABLE))) return []
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${TABLE} ORDER BY id`)
  return rows.map(({ name }) => name)
}

/** Runs migrations while no other node does, and returns the names of those that were applied or reverted. */
async function withMigrationLock(
  client: pg.Client,
  options: MigrateOptions,
  run: (knex: Knex) => Promise<unknown>,
): Promise<string[]> {
  // this connection holds the lock, so it ends with this process even after a crash
  await takeMigrationLock(client)
  await refuseNewerRelease(client)
  const before = await appliedMigrations(client)
  const knex = await createKnex(options)
  try {
    // while we hold the advisory lock, knex's own lock row can only be left over from a killed process
    if (await tableExists(client, `${TABLE}_lock`)) await knex.migrate.forceFreeMigrationsLock()
    await retryLockTimeouts(() => run(knex))
  } finally {
    await knex.destroy()
  }
  const after = await appliedMigrations(client)
  const taken = after.filter((name) => !before.includes(name))
  return taken.length > 0 ? taken : before.filter((name) => !after.includes(name)).toReversed()
}

/** Polls, because a statement that waits for the lock would block CREATE INDEX CONCURRENTLY. */
async function takeMigrationLock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [ADVISORY_LOCK])
    if (rows[0]?.taken === true) return
    await delay(50 + Math.random() * 100)
  }
}

/**
 * Imports knex, only when there are migrations to run: most starts have none and should be fast. A caller that expects
 * some can import it in advance.
 */
export async function loadMigrator() {
  const { default: knexPackage } = await import('knex')
  return knexPackage
}

async function createKnex({ url, logger }: MigrateOptions): Promise<Knex> {
  const knexPackage = await loadMigrator()
  const logDebug = (message: unknown) => logger?.debug({ knex: String(message) }, 'migration')
  return knexPackage.knex({
    client: 'pg',
    connection: { connectionString: url, application_name: 'signet-migrate' },
    log: { debug: logDebug, warn: logDebug, error: logDebug, deprecate: logDebug }, // by default knex writes to stdout
    pool: {
      min: 0,
      max: 1,
      afterCreate: (connection: pg.Client, done: (error: Error | null, connection: pg.Client) => void) => {
        // DDL waits only briefly for a busy table, because all later statements would queue behind it
        connection.query("SET lock_timeout = '2s'", (error: Error | null) => done(error, connection))
      },
    },
    migrations: {
      tableName: TABLE,
      // release N runs on the schema of N+1, whose migrations it does not know
      disableMigrationsListValidation: true,
      migrationSource: {
        getMigrations: async () => Object.keys(MIGRATIONS) as MigrationName[],
        getMigrationName: (name: MigrationName) => name,
        getMigration: async (name: MigrationName) => MIGRATIONS[name],
      },
    },
  })
}

/** Repeats migrations that did not get their table lock in time; those already applied stay applied. */
async function retryLockTimeouts(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run()
      return
    } catch (error) {
      if (sqlState(error) !== '55P03' || attempt === LOCK_ATTEMPTS) throw error
      await delay(500 + Math.random() * 500)
    }
  }
}

async function refuseNewerRelease(client: pg.Client): Promise<void> {
  if (!(await tableExists(client, 'schema_release'))) return
  const { rows } = await client.query<{ release: number; oldest_compatible: number }>(
    'SELECT release, oldest_compatible FROM schema_release',
  )
  const row = rows[0]
  if (row && row.oldest_compatible > RELEASE) {
    throw new DatabaseStartError(
      `The database was migrated by a newer Signet (schema release ${row.release}), which this one (schema release ${RELEASE}) cannot serve: install the newer version, or restore the database from before.`,
    )
  }
}

async function tableExists(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [name])
  return rows[0]?.found === true
}
