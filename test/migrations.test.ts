import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rollback } from '#database/migrate.ts'
import { RELEASE } from '#database/release.ts'
import { migrate } from '#schema.ts'
import { MIGRATIONS } from '../migrations/registry.ts'
import { asSuperuser, cloneDatabase, emptyDatabase } from './support/postgres.ts'
import { takeBack } from './support/take-back.ts'

const FOLDER = join(import.meta.dirname, '../migrations')
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.ts') && name !== 'registry.ts')

test('the registry names every migration, in the order of their files, by the name of its file', () => {
  expect(Object.keys(MIGRATIONS)).toEqual(FILES.map((name) => name.slice(0, -'.ts'.length)).toSorted())
  const text = readFileSync(join(FOLDER, 'registry.ts'), 'utf8')
  const imports = [...text.matchAll(/import \* as (m\d+) from '\.\/(.+)\.ts'/g)].map(
    ([, name, file]) => `'${file}': ${name},`,
  )
  for (const line of imports) expect(text).toContain(line)
  expect(imports).toHaveLength(FILES.length)
})

test.each(FILES)('%s imports nothing but types of knex', (name) => {
  const imports = readFileSync(join(FOLDER, name), 'utf8').match(/^.*\b(?:import|require)\b.*$/gm)
  expect(imports).toEqual([`import type { Knex } from 'knex'`])
})

test('every step can be taken back and taken again, and the schema is then the same', async () => {
  const { url } = await emptyDatabase()
  await migrate({ url })
  const first = await schemaOf(url)
  expect(first.length).toBeGreaterThan(50)
  await rollback({ url, all: true })
  expect(await schemaOf(url)).toEqual([])
  await migrate({ url })
  expect(await schemaOf(url)).toEqual(first)
})

test('the step that seals passwords stays while there are sealed ones, and so does the release', async () => {
  const { url } = await cloneDatabase()
  const run = (sql: string) => asSuperuser((client) => client.query<Record<string, number>>(sql), url)
  await run(`INSERT INTO accounts (sub, email, email_verified) VALUES ('ada', 'ada@example.com', true)`)
  await run(`INSERT INTO password_credentials (account_sub, sealed) VALUES ('ada', 'sealed')`)
  const step = '20261201063541-sign-in-seal-passwords'
  await expect(takeBack(url, step)).rejects.toMatchObject({
    code: 'database_start_failed',
    message:
      'This step cannot be taken back: it would delete all sealed passwords, which the version before cannot read. To return to that version, restore the database from before the upgrade.',
  })
  expect((await run('SELECT sealed FROM password_credentials')).rowCount).toBe(1)
  const release = 'SELECT release, oldest_compatible AS oldest FROM schema_release'
  expect((await run(release)).rows).toEqual([{ release: RELEASE, oldest: 2 }])
  await run(`UPDATE password_credentials SET hash = 'plain'`)
  await takeBack(url, step)
  expect((await run('SELECT hash FROM password_credentials')).rows).toEqual([{ hash: 'plain' }])
  await rollback({ url })
  expect((await run(release)).rows).toEqual([{ release: 1, oldest: 1 }])
})

/** Every column, index and constraint but those of the migrations' own tables. */
async function schemaOf(url: string): Promise<unknown[]> {
  return asSuperuser(async (client) => {
    const { rows } = await client.query(`
      SELECT table_name, column_name, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'schema_migrations%'
      UNION ALL
      SELECT tablename, indexname, indexdef, NULL, NULL
        FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'schema_migrations%'
      UNION ALL
      SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
         AND conrelid::regclass::text NOT LIKE 'schema_migrations%' AND contype <> 'n'
      ORDER BY 1, 2, 3`)
    return rows
  }, url)
}
