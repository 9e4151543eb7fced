/** Databases for tests: each a clone of a migrated template on the PostgreSQL of this run. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { uncataloguedRows } from './catalogued-events.ts'
import { atEnd } from './endings.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of the run's PostgreSQL, provided by `test/global-setup.ts`. */
    postgresAt: string
  }
}

export const TEMPLATE = 'signet_template'

export interface TestDatabase {
  readonly url: string
  /** Drops the database and closes its connections. Called automatically after the test file. */
  drop(): Promise<void>
}

/** Creates a migrated database. */
export async function cloneDatabase(): Promise<TestDatabase> {
  return createTestDatabase(TEMPLATE)
}

/** Creates a database without tables. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return createTestDatabase('template0')
}

/** Creates a backup: a copy of the database, without connections. */
export async function backUp(url: string): Promise<TestDatabase> {
  return createTestDatabase(nameOf(url))
}

/** Replaces the database by the backup and closes its connections. */
export async function restore(url: string, backup: TestDatabase): Promise<void> {
  await asSuperuser(async (client) => {
    await client.query(`DROP DATABASE ${nameOf(url)} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${nameOf(url)} TEMPLATE ${nameOf(backup.url)}`)
  })
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1)
}

const known = new Map<string, Promise<string>>()

/** Returns the URL of the run's PostgreSQL, database `postgres`. The first test to ask starts it. */
function postgresUrl(): Promise<string> {
  const at = inject('postgresAt')
  const url = known.get(at) ?? askForPostgres(at)
  known.set(at, url)
  return url
}

async function askForPostgres(at: string): Promise<string> {
  const response = await fetch(at)
  const text = await response.text()
  if (!response.ok) throw new Error(`PostgreSQL for the tests did not start: ${text}`)
  return text
}

/** Runs statements on the run's PostgreSQL as its superuser, in the given database (default `postgres`). */
export async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>, url?: string): Promise<T> {
  const client = new pg.Client(url ?? (await postgresUrl()))
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function createTestDatabase(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asSuperuser((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`))
  let dropped = false
  const drop = async () => {
    if (dropped) return
    dropped = true
    const wrong = await uncataloguedRows(databaseUrl(await postgresUrl(), name))
    await asSuperuser((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
    if (wrong.length > 0) throw new Error(`audit events that src/audit/events.ts does not know:\n${wrong.join('\n')}`)
  }
  atEnd(drop)
  return { url: databaseUrl(await postgresUrl(), name), drop }
}

/** Returns the URL of another database on the same server. */
export function databaseUrl(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href
}
