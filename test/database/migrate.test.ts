import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migrationStatus, rollback } from '#database/migrate.ts'
import { migrate } from '#schema.ts'
import { waitForDatabase } from '#database/reachable.ts'
import { MIGRATIONS } from '../../migrations/registry.ts'
import { startOldServer } from '../support/postgres-proxy.ts'
import { asSuperuser, cloneDatabase, emptyDatabase } from '../support/postgres.ts'
import { recordedLog } from '../support/recorded-log.ts'
import { eventually } from '../support/eventually.ts'

const ALL = Object.keys(MIGRATIONS)

test('nodes that migrate at the same time take each step once, and each waits until all are taken', async () => {
  const { url } = await emptyDatabase()
  const script = `
    import { migrate } from '#schema.ts'
    process.stdout.write(JSON.stringify(await migrate({ url: process.env.DATABASE_URL })))`
  const node = join(import.meta.dirname, '../../node_modules/node/bin/node')
  const nodes = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = spawn(node, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], {
        cwd: join(import.meta.dirname, '../..'),
        env: { ...process.env, DATABASE_URL: url },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [output] = await Promise.all([child.stdout.setEncoding('utf8').toArray(), once(child, 'exit')])
      return JSON.parse(output.join('')) as string[]
    }),
  )
  expect(nodes.toSorted((a, b) => b.length - a.length)).toEqual([ALL, [], []])
  expect(await migrationStatus({ url })).toEqual({ applied: ALL, pending: [] })
})

test('the status of an empty database can be read without making a table', async () => {
  const { url } = await emptyDatabase()
  expect(await migrationStatus({ url })).toEqual({ applied: [], pending: ALL })
  const { rows } = await asSuperuser(
    (client) => client.query(`SELECT * FROM pg_tables WHERE schemaname = 'public'`),
    url,
  )
  expect(rows).toEqual([])
})

test('a step is taken back and taken again', async () => {
  const { url } = await cloneDatabase()
  expect(await rollback({ url })).toEqual(ALL.slice(-1))
  expect(await migrationStatus({ url })).toEqual({ applied: ALL.slice(0, -1), pending: ALL.slice(-1) })
  expect(await migrate({ url })).toEqual(ALL.slice(-1))
})

test('a lock row that a killed migrator left behind does not stop the next', async () => {
  const { url } = await cloneDatabase()
  await rollback({ url })
  await asSuperuser((client) => client.query('UPDATE schema_migrations_lock SET is_locked = 1'), url)
  expect(await migrate({ url })).toEqual(ALL.slice(-1))
})

test('a step waits for a busy table in short turns, and is taken when the table is free', async () => {
  const { url } = await cloneDatabase()
  // a step that changes functions alone has no table to wait for
  const last = ALL.findLastIndex((name) =>
    /\bTABLE\b/.test(readFileSync(join(import.meta.dirname, '../../migrations', `${name}.ts`), 'utf8')),
  )
  for (const name of ALL.slice(last + 1).toReversed()) expect(await rollback({ url })).toEqual([name])
  await asSuperuser(async (client) => {
    // somebody reads every table, so also those of the step
    await client.query(`
      BEGIN;
      DO $$ BEGIN
        EXECUTE (SELECT 'LOCK TABLE ' || string_agg(quote_ident(tablename), ', ') || ' IN ACCESS SHARE MODE'
                 FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'schema\\_%');
      END $$`)
    const down = rollback({ url })
    /** The statements that were seen waiting for the table, by when they began. */
    const turns = new Set<string>()
    await eventually(async () => {
      for (const turn of await waitingFor(url)) turns.add(turn)
      return turns.size >= 2
    }, 40_000)
    await client.query('COMMIT')
    expect(await down).toEqual([ALL[last]])
  }, url)
})

test('a schema that a newer release extended is served, one that it made incompatible is refused in a sentence', async () => {
  const { url } = await cloneDatabase()
  await asSuperuser(async (client) => {
    await client.query(`INSERT INTO schema_migrations (name, batch) VALUES ('29990101000000-later-add-thing', 9)`)
    await client.query('UPDATE schema_release SET release = 7')
    expect(await migrate({ url })).toEqual([])
    expect(await migrationStatus({ url })).toEqual({ applied: [...ALL, '29990101000000-later-add-thing'], pending: [] })
    await client.query('UPDATE schema_release SET oldest_compatible = 7')
  }, url)
  for (const use of [migrate, migrationStatus, rollback]) {
    await expect(use({ url })).rejects.toMatchObject({
      code: 'database_start_failed',
      message:
        'The database was migrated by a newer Signet (schema release 7), which this one (schema release 2) cannot serve: install the newer version, or restore the database from before.',
    })
  }
})

test('a step of ours that is pending is taken after those of a newer release, which we cannot take back', async () => {
  const { url } = await cloneDatabase()
  await rollback({ url })
  await asSuperuser(
    (client) =>
      client.query(`INSERT INTO schema_migrations (name, batch) VALUES ('29990101000000-later-add-thing', 9)`),
    url,
  )
  await expect(rollback({ url })).rejects.toMatchObject({
    code: 'database_start_failed',
    message:
      'The last step of the schema, 29990101000000-later-add-thing, belongs to a newer Signet: take it back with that version.',
  })
  expect(await migrate({ url })).toEqual(ALL.slice(-1))
})

test('a PostgreSQL before 14 is refused in a sentence, at once', async () => {
  const url = await startOldServer(130_011)
  const message = `PostgreSQL at ${new URL(url).host} is version 13, and Signet needs 14 or later: upgrade it, or set DATABASE_URL to another server.`
  await expect(waitForDatabase(url, 30_000)).rejects.toMatchObject({ code: 'database_start_failed', message })
  await expect(migrate({ url })).rejects.toThrow(message)
})

test('a wrong password and a missing database are each told in a sentence, at once and without the password', async () => {
  const { url } = await emptyDatabase()
  const { host, username } = new URL(url)
  const wrong = Object.assign(new URL(url), { password: 'my-secret' }).href
  await expect(waitForDatabase(wrong, 30_000)).rejects.toMatchObject({
    code: 'database_start_failed',
    message: `PostgreSQL at ${host} refuses the password of the user "${username}": correct it in DATABASE_URL.`,
  })
  const missing = Object.assign(new URL(url), { pathname: '/missing' }).href
  await expect(waitForDatabase(missing, 30_000)).rejects.toThrow(
    `PostgreSQL at ${host} has no such database (database "missing" does not exist (SQLSTATE 3D000)): create it, or correct DATABASE_URL.`,
  )
})

test('a PostgreSQL that does not speak TLS although it must is told in a sentence, at once', async () => {
  const { url } = await emptyDatabase()
  await expect(waitForDatabase(`${url}?sslmode=verify-full`, 30_000)).rejects.toThrow(
    /cannot be reached over TLS \(.+\): correct sslmode and sslrootcert in DATABASE_URL\.$/,
  )
})

test('a PostgreSQL that is not there is waited for as long as told, said once, and then told in a sentence', async () => {
  const logger = recordedLog()
  const started = performance.now()
  await expect(waitForDatabase('postgres://a:my-secret@127.0.0.1:9/x', 2000, logger)).rejects.toThrow(
    /^PostgreSQL at 127\.0\.0\.1:9 did not answer within 2 seconds \(.*ECONNREFUSED.*\): start it, or correct DATABASE_URL\.$/,
  )
  expect(performance.now() - started).toBeGreaterThan(1400)
  expect(logger.lines.map(({ message }) => message)).toEqual(['waiting for PostgreSQL at 127.0.0.1:9'])
  expect(JSON.stringify(logger.lines)).not.toContain('my-secret')
  const { url } = await emptyDatabase()
  await waitForDatabase(url)
})

/** When each statement of a migrator that waits for a lock at this moment began. */
async function waitingFor(url: string): Promise<string[]> {
  const { rows } = await asSuperuser((client) =>
    client.query<{ began: string }>(
      `SELECT query_start::text AS began FROM pg_stat_activity
       WHERE application_name = 'signet-migrate' AND wait_event_type = 'Lock' AND datname = $1`,
      [new URL(url).pathname.slice(1)],
    ),
  )
  return rows.map(({ began }) => began)
}
