/** Brings the schema up to date, safely from several nodes at once, and tells where it stands. */
import type { Knex } from 'knex'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Log } from '#shared/log.ts'
import { MIGRATIONS } from '../../migrations/registry.ts'
import { DatabaseStartError, sqlState } from './errors.ts'
import { connectAtStart } from './reachable.ts'
import { RELEASE } from './release.ts'

export interface MigrateOptions {
  /** A direct connection: the lock on it would not survive a PgBouncer in transaction mode. */
  readonly url: string
  readonly logger?: Log
}

export interface MigrationStatus {
  /** Names of the steps that were taken, oldest first; a newer release may have added some that are unknown here. */
  readonly applied: readonly string[]
  /** Names of the steps still to be taken, oldest first. */
  readonly pending: readonly string[]
}

type MigrationName = keyof typeof MIGRATIONS

const TABLE = 'schema_migrations'
/** An arbitrary number that all releases share: whoever holds it migrates. */
const ADVISORY_LOCK = 7_436_118_265
const LOCK_ATTEMPTS = 15

/**
 * Takes all pending steps and returns their names; other nodes that do the same wait for it. `before` runs when there
 * is a step to take: it makes what steps rely on and another room owns (see schema.ts). Throws DatabaseStartError when
 * the database cannot be used, is older than PostgreSQL 14 or belongs to a newer release.
 */
export async function migrate(options: MigrateOptions, before: () => Promise<void>): Promise<string[]> {
  return connected(options, async (client) => {
    if ((await statusOf(client)).pending.length === 0) return []
    const taken = await asSoleMigrator(client, options, async (knex) => {
      await before()
      await knex.migrate.latest()
    })
    if (taken.length > 0) options.logger?.info({ migrations: taken }, 'schema migrated')
    return taken
  })
}

/** Takes back the last step, or every one with `all` (for tests), and returns the names, last one first. */
export async function rollback(options: MigrateOptions & { all?: boolean }): Promise<string[]> {
  return connected(options, async (client) => {
    const last = (await statusOf(client)).applied.at(-1)
    if (last !== undefined && !(last in MIGRATIONS)) {
      throw new DatabaseStartError(
        `The last step of the schema, ${last}, belongs to a newer Signet: take it back with that version.`,
      )
    }
    return asSoleMigrator(client, options, (knex) =>
      options.all ? knex.migrate.rollback(undefined, true) : knex.migrate.down(),
    )
  })
}

/** Where the schema stands; reads only, so a role without DDL may ask. Throws as `migrate`. */
export async function migrationStatus(options: MigrateOptions): Promise<MigrationStatus> {
  return connected(options, statusOf)
}

async function connected<T>(options: MigrateOptions, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connectAtStart(options.url, 'signet-migrate')
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function statusOf(client: pg.Client): Promise<MigrationStatus> {
  await refuseNewerRelease(client)
  const applied = await appliedSteps(client)
  return { applied, pending: Object.keys(MIGRATIONS).filter((name) => !applied.includes(name)) }
}

async function appliedSteps(client: pg.Client): Promise<string[]> {
  if (!(await tableExists(client, TABLE))) return []
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${TABLE} ORDER BY id`)
  return rows.map(({ name }) => name)
}

/** Runs steps while no other node does, and returns the names of those that were taken or taken back. */
async function asSoleMigrator(
  client: pg.Client,
  options: MigrateOptions,
  run: (knex: Knex) => Promise<unknown>,
): Promise<string[]> {
  // the lock is held by this connection and ends with it, however this process ends
  await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK])
  await refuseNewerRelease(client)
  const before = await appliedSteps(client)
  const knex = await createKnex(options)
  try {
    // with the advisory lock held, a lock row of knex can only be left over from a process that was killed
    if (await tableExists(client, `${TABLE}_lock`)) await knex.migrate.forceFreeMigrationsLock()
    await patiently(() => run(knex))
  } finally {
    await knex.destroy()
  }
  const after = await appliedSteps(client)
  const taken = after.filter((name) => !before.includes(name))
  return taken.length > 0 ? taken : before.filter((name) => !after.includes(name)).toReversed()
}

/**
 * Loads the code that takes steps. Only who has steps to take needs it, and most starts have none and should be quick;
 * who knows beforehand that there will be some can have it loaded meanwhile.
 */
export async function loadMigrator() {
  const { default: knexPackage } = await import('knex')
  return knexPackage
}

async function createKnex({ url, logger }: MigrateOptions): Promise<Knex> {
  const knexPackage = await loadMigrator()
  const tell = (message: unknown) => logger?.debug({ knex: String(message) }, 'migration')
  return knexPackage.knex({
    client: 'pg',
    connection: { connectionString: url, application_name: 'signet-migrate' },
    log: { debug: tell, warn: tell, error: tell, deprecate: tell }, // by itself it writes to stdout
    pool: {
      min: 0,
      max: 1,
      afterCreate: (connection: pg.Client, done: (error: Error | null, connection: pg.Client) => void) => {
        // DDL waits for a busy table only briefly: everyone behind it would wait as well
        connection.query("SET lock_timeout = '2s'", (error: Error | null) => done(error, connection))
      },
    },
    migrations: {
      tableName: TABLE,
      // release N runs on the schema of N+1, whose steps it does not know
      disableMigrationsListValidation: true,
      migrationSource: {
        getMigrations: async () => Object.keys(MIGRATIONS) as MigrationName[],
        getMigrationName: (name: MigrationName) => name,
        getMigration: async (name: MigrationName) => MIGRATIONS[name],
      },
    },
  })
}

/** Repeats steps that could not get their table lock in time; what was done before stays done. */
async function patiently(run: () => Promise<unknown>): Promise<void> {
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
