/** Nothing that crossed the wire and opens a door stands in the database, in its files or in the logs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { NAIVE_TABLE } from '../support/naive-adapter.ts'
import { createNaiveAdapter } from '../support/naive-adapter.ts'
import { FLOWS, runFlows } from '../support/flows.ts'
import { emptyDatabase } from '../support/postgres.ts'
import { formsOf, found, recording, type Secret } from '../support/recorder.ts'
import { type Server, startProcess, temporaryDir } from '../support/server.ts'

const dataDir = join(temporaryDir('data'), 'signet')
let live: Server
let secrets: Map<string, Secret>
/** How many secrets each flow brought that no flow before it had. */
const broughtBy = new Map<string, number>()

beforeAll(async () => {
  live = await startProcess({ env: { DATABASE_URL: undefined, SIGNET_DATA_DIR: dataDir, LOG_LEVEL: 'debug' } })
  const recorded = recording(live)
  secrets = recorded.secrets
  let before = 0
  await runFlows(
    recorded.server,
    ({ name }) => {
      broughtBy.set(name, secrets.size - before)
      before = secrets.size
    },
    embeddedUrl(dataDir),
  )
}, 120_000)

test('every flow puts secrets on the wire, and together they are of every kind', () => {
  expect([...broughtBy.keys()]).toEqual(FLOWS.map(({ name }) => name))
  for (const [name, count] of broughtBy) expect(count, name).toBeGreaterThan(0)
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
    'registration_access_token',
    'client_assertion',
    'pushed request',
    'device_code',
    'user_code',
    'auth_req_id',
    'client_notification_token',
    'xsrf',
    'challenge',
    'signature',
    'current',
    'next',
    'authenticator secret',
    'recovery code',
    'upstream state',
    'upstream nonce',
  ]) {
    expect(kinds, `no ${kind} crossed the wire`).toContain(kind)
  }
})

// each secret in each form that the search looks for, as an adapter and a log would leave it that store what they are given
test('the search finds every secret of every flow, in every form, where an adapter stores what it is given', async () => {
  const { url } = await emptyDatabase()
  const dir = temporaryDir('plain')
  const pool = new pg.Pool({ connectionString: url })
  try {
    await pool.query(NAIVE_TABLE)
    const all = [...secrets.values()]
    const most = Math.max(...all.map(({ value }) => formsOf(value).length))
    for (let form = 0; form < most; form++) {
      await pool.query('TRUNCATE naive')
      const stored = all.filter(({ value }) => formsOf(value)[form] !== undefined)
      const shown = ({ value }: Secret) => formsOf(value)[form] as string
      for (const [at, secret] of stored.entries()) {
        const payload = { kind: secret.kind, jti: shown(secret) }
        await createNaiveAdapter(pool)(secret.kind).upsert(`row-${at}`, payload, 60)
      }
      writeFileSync(join(dir, 'log'), stored.map(shown).join('\n'))
      expect(await searchDatabase(url, stored)).toEqual(stored.map(({ kind }) => `${kind} in public.naive`))
      expect(searchFiles(dir, stored)).toEqual(stored.map(({ kind }) => `${kind} in log`))
    }
  } finally {
    await pool.end()
  }
}, 120_000)

test('a dump, the files of the data directory and the logs at level debug hold no secret of any flow', async () => {
  const url = embeddedUrl(dataDir)
  // whoever had a hash could guess its password at leisure
  const all = [...secrets.values(), { kind: 'password hash', value: '$argon2id$v=' }]
  const hits = [...(await searchDatabase(url, all)), ...searchFiles(dataDir, all)]
  await live.stop()
  hits.push(...found(secrets.values(), 'the log', Buffer.from(live.logs())))
  expect(hits).toEqual([])
}, 60_000)

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
