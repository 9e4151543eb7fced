/** Nothing that crossed the wire and opens a door stands in the database, in its files or in the logs. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { NAIVE_TABLE } from '../support/naive-adapter.ts'
import { createNaiveAdapter } from '../support/naive-adapter.ts'
import { runFlows } from '../support/flows.ts'
import { emptyDatabase } from '../support/postgres.ts'
import { found, recording } from '../support/recorder.ts'
import { startServer, temporaryDir } from '../support/server.ts'

test('a dump, the files of the data directory and the logs at level debug hold no secret of any flow', async () => {
  const dataDir = join(temporaryDir('data'), 'signet')
  const live = await startServer({ env: { DATABASE_URL: undefined, SIGNET_DATA_DIR: dataDir, LOG_LEVEL: 'debug' } })
  const { server, secrets } = recording(live)
  await runFlows(server)
  const kinds = new Set([...secrets.values()].map(({ kind }) => kind))
  for (const kind of [
    'access_token',
    'refresh_token',
    'id_token',
    'code',
    'code_verifier',
    'cookie',
    'interaction',
    'password',
    'client_secret',
    'client_assertion',
    'pushed request',
    'xsrf',
  ]) {
    expect(kinds, `no ${kind} crossed the wire`).toContain(kind)
  }
  const url = embeddedUrl(dataDir)
  const hits = [...(await searchDatabase(url, secrets.values())), ...searchFiles(dataDir, secrets.values())]
  await live.stop()
  hits.push(...found(secrets.values(), 'the log', Buffer.from(live.logs())))
  expect(hits).toEqual([])
})

test('the same search finds them all where an adapter stores what it is given', async () => {
  const { url } = await emptyDatabase()
  const pool = new pg.Pool({ connectionString: url })
  try {
    await pool.query(NAIVE_TABLE)
    const code = 'a-code-of-the-naive-adapter'
    await createNaiveAdapter(pool)('AuthorizationCode').upsert(code, { kind: 'AuthorizationCode', jti: code }, 60)
    expect(await searchDatabase(url, [{ kind: 'code', value: code }])).toEqual(['code in public.naive'])
  } finally {
    await pool.end()
  }
})

function embeddedUrl(dataDir: string): string {
  const port = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[3]?.trim()
  const password = readFileSync(join(dataDir, 'postgres-password'), 'utf8').trim()
  return `postgres://signet:${password}@127.0.0.1:${port}/postgres`
}

/** Every column of every row of every table in every schema of ours. */
async function searchDatabase(url: string, secrets: Iterable<{ kind: string; value: string }>): Promise<string[]> {
  const all = [...secrets]
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query('CHECKPOINT')
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    )
    const hits: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(`SELECT t::text AS line FROM ONLY ${name} t`)
      hits.push(...found(all, name, Buffer.from(rows.map(({ line }) => line).join('\n'))))
    }
    return hits
  } finally {
    await client.end()
  }
}

function searchFiles(dir: string, secrets: Iterable<{ kind: string; value: string }>): string[] {
  const all = [...secrets]
  return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile() || entry.name === 'postgres-password') return []
    return found(all, entry.name, readFileSync(join(entry.parentPath, entry.name)))
  })
}
