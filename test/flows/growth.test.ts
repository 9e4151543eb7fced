/**
 * How much an hour of requests at the limit of one address adds to the database, and what is left a day later. `npm test`
 * tries it with a budget of one megabyte, `npm run test:soak` with the default.
 */
import { beforeAll, expect, test } from 'vitest'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { removeExpired } from '#oidc/adapter/expiry-store.ts'
import { administrator } from '../support/administrator.ts'
import { type App, type AuthorizationAttempt, createApp } from '../support/app.ts'
import { atEnd } from '../support/endings.ts'
import { letTimePass } from '../support/passed-time.ts'
import { TRIES_ALL } from '../support/sample.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'http://localhost:5000/authorize'
const MEGABYTE = 1024 * 1024
/** Of the budget, in megabytes an hour; the last number is what the database may grow by. */
const [BUDGET, MINUTES, BAR] = TRIES_ALL ? ([32, 60, 50] as const) : ([1, 60, 3.5] as const)
/** Refusals of each kind in each minute. */
const REFUSALS = TRIES_ALL ? 40 : 1
const IN_FULL = 10
const TIMEOUT_MS = TRIES_ALL ? 1_800_000 : 60_000

let now = Date.now()
let server: Server
let db: PooledDatabase
let web: App
let spa: App

beforeAll(async () => {
  server = await startServer({
    env: { SIGNET_REFUSALS_PER_MINUTE: String(IN_FULL) },
    overrides: { clock: { now: () => new Date(now) } },
  })
  const admin = await administrator(server)
  web = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
  spa = createApp(server, await admin.client('spa', { redirect_uris: [CALLBACK] }), CALLBACK, true)
  await admin.call('PATCH', '/settings', { limits: { anonymous_megabytes_per_hour: BUDGET } })
  db = createDatabase({ url: server.databaseUrl })
  atEnd(() => db.close())
})

/** As large as a stranger can make them, and nothing that compression makes smaller. */
function large(app: App): AuthorizationAttempt {
  const random = (bytes: number) =>
    Buffer.from(crypto.getRandomValues(new Uint8Array((bytes * 3) / 4))).toString('base64url')
  return app.begin({ state: random(4096), nonce: random(4096), login_hint: random(4000) })
}

async function size(): Promise<number> {
  const { rows } = await db.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  return Number(rows[0]?.bytes)
}

/** Sends requests until the budget is used up, and returns how many were accepted. */
async function useUp(): Promise<number> {
  for (let accepted = 0; ; accepted += 1) {
    const isPush = accepted % 2 === 1
    const status = isPush ? await push() : await begin()
    if (status === 429) return accepted
    expect(status).toBe(isPush ? 201 : 303)
  }
}

async function begin(): Promise<number> {
  const response = await server.fetch(large(web).url, { redirect: 'manual' })
  await response.arrayBuffer()
  return response.status
}

async function push(): Promise<number> {
  return (await spa.push(large(spa).params)).status
}

async function beRefused(): Promise<void> {
  const post = (path: string) =>
    server.fetch(path, { method: 'POST', body: new URLSearchParams({ client_id: 'x'.repeat(500), token: 'x' }) })
  for (let count = 0; count < REFUSALS; count += 1) {
    const answers = [post('/token'), post('/revoke'), post('/introspect'), server.fetch('/admin/v1/clients')]
    for (const answer of await Promise.all([...answers, server.fetch('/authorize?client_id=nobody')])) {
      expect(answer.status).toBeGreaterThanOrEqual(400)
      await answer.arrayBuffer()
    }
  }
}

test(
  'an hour of requests at the limit adds little, and a day later nothing of them is left',
  { timeout: TIMEOUT_MS },
  async () => {
    const before = await size()
    let requests = 0
    for (let minute = 0; minute < MINUTES; minute += 1) {
      requests += await useUp()
      await beRefused()
      now += 60_000
    }
    const grown = (await size()) - before
    console.log(
      `${requests} requests in an hour of ${BUDGET} MB: the database grew by ${(grown / MEGABYTE).toFixed(1)} MB`,
    )
    expect(requests).toBeGreaterThan(BUDGET * 50)
    expect(grown).toBeLessThan(BAR * MEGABYTE)
    await letTimePass(server.databaseUrl, 24 * 3600)
    while (Object.keys(await removeExpired(db)).length > 0);
    const { rows } = await db.query<{ kind: string; count: string }>(
      'SELECT kind, count(*) FROM artefacts GROUP BY kind',
    )
    expect(rows.filter(({ kind }) => kind !== 'ClientCredentials')).toEqual([])
    expect((await db.query('SELECT 1 FROM sessions')).rows).toEqual([])
    // refusals are bounded by their number, not by time: they are evidence
    const events = await db.query<{ bytes: number }>(
      `SELECT sum(pg_column_size(e.*))::int AS bytes FROM audit_events e WHERE outcome = 'failure'`,
    )
    expect(events.rows[0]?.bytes).toBeLessThan(2 * MEGABYTE)
  },
)
