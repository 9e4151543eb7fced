/** The outbox: work that is done once its cause is committed, by one process at a time, and again after a failure. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { migrate } from '#schema.ts'
import { openOutboxRunner, type OutboxRunnerOptions } from '#outbox/runner.ts'
import { migrateOutbox } from '#outbox/outbox-schema.ts'
import { addToOutbox } from '#outbox/outbox-store.ts'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { atEnd } from '../support/endings.ts'
import { asSuperuser, cloneDatabase, emptyDatabase } from '../support/postgres.ts'

/** The machine may be busy. */
const PATIENT = { timeout: 40_000 }

const QUICK = { taskMs: 1500, leaseMs: 2000, pollMs: 100 }
const ENTRY = { task: 'try', maxAttempts: 3 }

let url: string
let db: PooledDatabase

beforeEach(async () => {
  url = (await cloneDatabase()).url
  const opened = createDatabase({ url })
  atEnd(() => opened.close())
  db = opened
})

async function runner(task: OutboxRunnerOptions['tasks'][string], options: Partial<OutboxRunnerOptions> = {}) {
  const opened = await openOutboxRunner({ url, ...QUICK, tasks: { try: task }, ...options })
  // it would go on asking for work
  onTestFinished(() => opened.close())
  return opened
}

async function left(): Promise<{ attempts: number; last_error: string | null }[]> {
  const { rows } = await db.query<{ attempts: number; last_error: string | null }>(
    'SELECT attempts, last_error FROM graphile_worker._private_jobs ORDER BY id',
  )
  return rows
}

/** A process that works on the outbox, and what it said. */
async function startProcess(
  workMs: number,
): Promise<{ child: ChildProcess; said: { word: string; payload: unknown }[] }> {
  const node = join(import.meta.dirname, '../../node_modules/node/bin/node')
  const script = join(import.meta.dirname, '../support/outbox-process.ts')
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, url, String(workMs)], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: { word: string; payload: unknown }[] = []
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line)))
  await expect.poll(() => said.map(({ word }) => word), PATIENT).toContain('ready')
  return { child, said }
}

test('work is done after the commit of its cause, is gone then, and never was after a rollback', async () => {
  const done: unknown[] = []
  await runner(async (payload) => void done.push(payload))
  // the first job of a task inserts its name, for which a second transaction would wait
  await addToOutbox(db, { ...ENTRY, payload: { number: 0 } })
  await expect.poll(() => done.splice(0), PATIENT).toEqual([{ number: 0 }])
  await expect(
    db.transaction(async (trx) => {
      await addToOutbox(trx, { ...ENTRY, payload: { number: 1 } })
      throw new TypeError('changed our mind')
    }),
  ).rejects.toThrow('changed our mind')
  await db.transaction(async (trx) => {
    await addToOutbox(trx, { ...ENTRY, payload: { number: 2 } })
    // what was committed after it is taken before it
    await addToOutbox(db, { ...ENTRY, payload: { number: 3 } })
    await expect.poll(() => done, PATIENT).toEqual([{ number: 3 }])
    await expect.poll(left, PATIENT).toEqual([])
  })
  await expect.poll(() => done, PATIENT).toEqual([{ number: 3 }, { number: 2 }])
  await expect.poll(left, PATIENT).toEqual([])
})

test('what fails is tried again later, counting, and is gone after its last attempt', async () => {
  const attempts: { attempt: number; last: boolean; at: number }[] = []
  await runner(async (_, { attempt, last }) => {
    attempts.push({ attempt, last, at: Date.now() })
    throw new Error('not today')
  })
  await addToOutbox(db, { ...ENTRY, maxAttempts: 2, payload: {} })
  await expect.poll(left, PATIENT).toEqual([{ attempts: 1, last_error: 'not today' }])
  await expect.poll(() => attempts, PATIENT).toHaveLength(2)
  expect(attempts).toMatchObject([
    { attempt: 1, last: false },
    { attempt: 2, last: true },
  ])
  expect((attempts[1]?.at ?? 0) - (attempts[0]?.at ?? 0)).toBeGreaterThan(2000)
  await expect.poll(left, PATIENT).toEqual([])
})

test('an attempt that does not end in time has failed, and is told so', async () => {
  let aborted = false
  await runner(
    async (_, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      await new Promise(() => undefined)
    },
    { taskMs: 200 },
  )
  await addToOutbox(db, { ...ENTRY, payload: {} })
  await expect.poll(left, PATIENT).toEqual([{ attempts: 1, last_error: 'it did not end in time' }])
  expect(aborted).toBe(true)
})

test('two processes that work at the same time do each piece once', async () => {
  const [a, b] = await Promise.all([startProcess(5), startProcess(5)])
  const numbers = Array.from({ length: 60 }, (_, number) => number)
  await Promise.all(numbers.map((number) => addToOutbox(db, { ...ENTRY, payload: { number } })))
  await expect.poll(left, PATIENT).toEqual([])
  const done = (process: typeof a) =>
    process.said.filter(({ word }) => word === 'began').map(({ payload }) => (payload as { number: number }).number)
  expect([...done(a), ...done(b)].toSorted((one, other) => one - other)).toEqual(numbers)
  expect(done(a).length).toBeGreaterThan(0)
  expect(done(b).length).toBeGreaterThan(0)
})

test('the work of a process that was killed is done by another as soon as its time is over, and not before', async () => {
  const dying = await startProcess(60_000)
  await addToOutbox(db, { ...ENTRY, payload: { number: 1 } })
  await expect.poll(() => dying.said.map(({ word }) => word), PATIENT).toContain('began')
  const died = Date.now()
  const ended = once(dying.child, 'exit')
  dying.child.kill('SIGKILL')
  await ended
  const done: number[] = []
  await runner(async () => void done.push(Date.now()))
  await expect.poll(() => done, PATIENT).toHaveLength(1)
  expect((done[0] ?? 0) - died).toBeGreaterThan(1500)
  await expect.poll(left, PATIENT).toEqual([])
})

test('a runner that is closed lets its work end, and leaves the rest to others', async () => {
  const begun: unknown[] = []
  const order: unknown[] = []
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const opened = await runner(async (payload) => {
    begun.push(payload)
    await mayEnd
    order.push(payload)
  })
  await addToOutbox(db, { ...ENTRY, payload: { number: 1 } })
  await expect.poll(() => begun, PATIENT).toHaveLength(1)
  const closed = opened.close().then(() => order.push('closed'))
  end()
  await closed
  expect(order).toEqual([{ number: 1 }, 'closed'])
  await addToOutbox(db, { ...ENTRY, payload: { number: 2 } })
  await expect.poll(connected, PATIENT).toBe(0)
  expect(await left()).toMatchObject([{ attempts: 0 }])
})

test('a database that is away when the work is done ends the runner and nothing else, and it is done again', async () => {
  const done: unknown[] = []
  const opened = await runner(async (payload) => {
    await letConnect(false)
    done.push(payload)
  })
  await addToOutbox(db, { ...ENTRY, payload: {} })
  await expect.poll(() => done, PATIENT).toHaveLength(1)
  await opened.ended
  await letConnect(true)
  await runner(async (payload) => void done.push(payload))
  await expect.poll(() => done, PATIENT).toHaveLength(2)
  await expect.poll(left, PATIENT).toEqual([])
})

/** Cuts the connections of the runners and takes no further ones, or takes them again. */
function letConnect(allowed: boolean): Promise<unknown> {
  const name = new URL(url).pathname.slice(1)
  return asSuperuser(async (client) => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`)
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'signet-outbox' AND datname = $1 AND NOT $2`,
      [name, allowed],
    )
  })
}

test('a role without rights on the outbox adds to it, and one with plain rights works on it', async () => {
  const roles = { serving: `serving_${Date.now()}`, working: `working_${Date.now()}` }
  await asSuperuser(async (client) => {
    for (const role of Object.values(roles)) await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'plain'`)
    await client.query(`
      GRANT USAGE ON SCHEMA graphile_worker TO ${roles.working};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA graphile_worker TO ${roles.working};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA graphile_worker TO ${roles.working};`)
  }, url)
  atEnd(() => asSuperuser((client) => client.query(`DROP ROLE ${roles.serving}, ${roles.working}`)))
  const as = (username: string) => Object.assign(new URL(url), { username, password: 'plain' }).href
  const serving = createDatabase({ url: as(roles.serving) })
  try {
    await addToOutbox(serving, { ...ENTRY, payload: { number: 1 } })
    await expect(serving.query('SELECT FROM graphile_worker.jobs')).rejects.toThrow(/permission denied/)
  } finally {
    await serving.close()
  }
  const done: unknown[] = []
  const working = await runner(async (payload) => void done.push(payload), { url: as(roles.working) })
  await expect.poll(() => done, PATIENT).toEqual([{ number: 1 }])
  await working.close()
  await asSuperuser((client) => client.query(`DROP OWNED BY ${roles.working}`), url)
  await expect(runner(async () => undefined, { url: as(roles.serving) })).rejects.toThrow(/permission denied/)
})

test('a role that may not make the schema of the outbox is told what it lacks', async () => {
  const empty = (await emptyDatabase()).url
  const role = `poor_${Date.now()}`
  await asSuperuser(async (client) => {
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'plain'; GRANT CREATE ON SCHEMA public TO ${role}`)
  }, empty)
  atEnd(async () => {
    await asSuperuser((client) => client.query(`DROP ROLE IF EXISTS ${role}`)).catch(() => undefined)
  })
  const as = Object.assign(new URL(empty), { username: role, password: 'plain' }).href
  await expect(migrate({ url: as })).rejects.toMatchObject({
    code: 'database_start_failed',
    message: expect.stringMatching(
      /^The role of DATABASE_DIRECT_URL may not make the schema graphile_worker of the outbox \(permission denied .+\): let it CREATE in this database for "signet migrate"\.$/,
    ),
  })
})

test('the migrated schema is the newest that the installed worker knows', async () => {
  const client = new pg.Client(url)
  await client.connect()
  const before = await client.query('SELECT max(id) AS id FROM graphile_worker.migrations')
  await client.end()
  await migrateOutbox(url)
  const { rows } = await db.query('SELECT max(id) AS id FROM graphile_worker.migrations')
  expect(rows).toEqual(before.rows)
})

/** How many connections runners have: who has none takes nothing. */
async function connected(): Promise<number | null> {
  const mine = `application_name = 'signet-outbox' AND datname = current_database()`
  return (await db.query(`SELECT FROM pg_stat_activity WHERE ${mine}`)).rowCount
}

test('work that is added again under its name replaces what waits under it', async () => {
  const waiting = { ...ENTRY, priority: 10 }
  await addToOutbox(db, { ...waiting, key: 'one', payload: { number: 1 } })
  await addToOutbox(db, { ...waiting, key: 'two', payload: { number: 2 } })
  await db.transaction(async (trx) => {
    for (const number of [3, 4]) await addToOutbox(trx, { ...waiting, key: 'one', payload: { number } })
  })
  await addToOutbox(db, { ...ENTRY, payload: { number: 5 } })
  const { rows } = await db.query('SELECT priority FROM graphile_worker._private_jobs ORDER BY id')
  expect(rows).toEqual([{ priority: 10 }, { priority: 10 }, { priority: 0 }])
  const done: { number: number; addedAt: Date }[] = []
  await runner(async (payload, { addedAt }) => void done.push({ ...(payload as { number: number }), addedAt }))
  await expect.poll(left, PATIENT).toEqual([])
  expect(new Set(done.map(({ number }) => number))).toEqual(new Set([2, 4, 5]))
  expect(done).toHaveLength(3)
  for (const { addedAt } of done) expect(Math.abs(addedAt.getTime() - Date.now())).toBeLessThan(60_000)
})
