import { beforeAll, expect, test } from 'vitest'
import { databaseNow } from '#database/database-now.ts'
import { DatabaseUnavailable, sqlState } from '#database/errors.ts'
import { createDatabase, type DatabaseOptions, type PooledDatabase } from '#database/pool.ts'
import { atEnd } from '../support/endings.ts'
import { asSuperuser, cloneDatabase, type TestDatabase } from '../support/postgres.ts'
import { startEndingServer, startRefusingProxy } from '../support/postgres-proxy.ts'
import { recordedLog } from '../support/recorded-log.ts'
import { atMost } from '../support/time-limits.ts'
import { holdStatements } from '../support/held-statement.ts'

let clone: TestDatabase

beforeAll(async () => {
  clone = await cloneDatabase()
  await asSuperuser((client) => client.query('CREATE TABLE things (id int PRIMARY KEY, n int NOT NULL)'), clone.url)
})

function aDatabase(options: Partial<DatabaseOptions> = {}): PooledDatabase {
  const db = createDatabase({ url: clone.url, ...options })
  atEnd(() => db.close())
  return db
}

test('values come as the room promises: Buffer, Date, parsed JSON, and strings for bigint', async () => {
  const db = aDatabase()
  const { rows, rowCount } = await db.query(
    'SELECT $1::bytea AS bytes, $2::timestamptz AS at, $3::jsonb AS json, $4::bigint AS big, $5::text[] AS list',
    [Buffer.from([0, 255]), new Date(1234), { a: [1] }, '9007199254740993', ['x', 'y,"z']],
  )
  expect(rowCount).toBe(1)
  expect(rows[0]).toEqual({
    bytes: Buffer.from([0, 255]),
    at: new Date(1234),
    json: { a: [1] },
    big: '9007199254740993',
    list: ['x', 'y,"z'],
  })
})

test('a refused statement keeps its SQLSTATE, and its connection is used again', async () => {
  const db = aDatabase({ poolSize: 1 })
  const pid = await backendOf(db)
  await db.query('INSERT INTO things VALUES (1, 0)')
  const error: unknown = await db.query('INSERT INTO things VALUES (1, 0)').catch((caught: unknown) => caught)
  expect(error).not.toBeInstanceOf(DatabaseUnavailable)
  expect(sqlState(error)).toBe('23505')
  expect(await backendOf(db)).toBe(pid)
})

test('a transaction commits its result, and rolls back what its work throws', async () => {
  const db = aDatabase()
  expect(
    await db.transaction(async (trx) => {
      await trx.query('INSERT INTO things VALUES (10, 0)')
      return 'done'
    }),
  ).toBe('done')
  const refusal = new Error('changed my mind')
  await expect(
    db.transaction(async (trx) => {
      await trx.query('INSERT INTO things VALUES (11, 0)')
      throw refusal
    }),
  ).rejects.toBe(refusal)
  expect((await db.query('SELECT id FROM things WHERE id IN (10, 11)')).rows).toEqual([{ id: 10 }])
})

test('a transaction that passed over a failed statement is not taken for committed', async () => {
  const db = aDatabase()
  await expect(
    db.transaction(async (trx) => {
      await trx.query('INSERT INTO things VALUES (12, 0)')
      await trx.query('SELECT 1 / 0').catch(() => undefined)
    }),
  ).rejects.toThrow('a statement failed, so the transaction was rolled back')
})

test('statements given to a transaction at once run one after the other, and none after its end', async () => {
  const db = aDatabase()
  const warnings: string[] = []
  const warn = ({ message }: Error) => void warnings.push(message) // of the driver, given two at once
  process.on('warning', warn)
  let kept: { query(text: string): Promise<unknown> } | undefined
  const sums = await db.transaction(async (trx) => {
    kept = trx
    const all = await Promise.all([1, 2, 3].map((n) => trx.query<{ n: number }>('SELECT $1::int AS n', [n])))
    return all.map(({ rows }) => rows[0]?.n)
  })
  process.off('warning', warn)
  expect(sums).toEqual([1, 2, 3])
  expect(warnings).toEqual([])
  await expect(kept?.query('SELECT 1')).rejects.toThrow('this transaction is over')
})

test('a lock that another transaction holds is waited for two seconds at most', async () => {
  const db = aDatabase()
  await db.query('INSERT INTO things VALUES (20, 0)')
  await asSuperuser(async (client) => {
    await client.query('BEGIN; UPDATE things SET n = 1 WHERE id = 20')
    const started = performance.now()
    const inTransaction = db.transaction((trx) => trx.query('UPDATE things SET n = 2 WHERE id = 20'))
    await expect(inTransaction).rejects.toMatchObject({ code: 'database_unavailable', status: 503 })
    await expect(db.query('UPDATE things SET n = 2 WHERE id = 20')).rejects.toBeInstanceOf(DatabaseUnavailable)
    expect(performance.now() - started).toBeLessThan(atMost(6000))
    await client.query('ROLLBACK')
  }, clone.url)
  expect((await db.query('SELECT n FROM things WHERE id = 20')).rows).toEqual([{ n: 0 }])
})

test('a statement that takes too long is ended by PostgreSQL, and says that the database cannot answer', async () => {
  const db = aDatabase({ poolSize: 1 })
  const pid = await backendOf(db)
  const error: unknown = await db.query('SELECT pg_sleep(10)').catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(DatabaseUnavailable)
  expect((error as DatabaseUnavailable).message).toBe(
    'The database cannot answer at the moment. Try again in a few seconds.',
  )
  expect((error as DatabaseUnavailable).logDetail).toContain('57014')
  expect(await backendOf(db)).toBe(pid)
})

test('of two transactions that deadlock, the one rolled back is run again', async () => {
  const db = aDatabase()
  await db.query('INSERT INTO things VALUES (30, 0), (31, 0)')
  await asSuperuser((client) => client.query(`ALTER DATABASE ${nameOf(clone)} SET deadlock_timeout = '50ms'`))
  const opposite = aDatabase()
  let runs = 0
  let held = 0
  const { promise: bothHoldOne, resolve: goOn } = Promise.withResolvers<void>()
  const both = (first: number, second: number) =>
    opposite.transaction(async (trx) => {
      runs += 1
      await trx.query('UPDATE things SET n = n + 1 WHERE id = $1', [first])
      held += 1
      if (held === 2) goOn()
      await bothHoldOne
      await trx.query('UPDATE things SET n = n + 1 WHERE id = $1', [second])
    })
  await Promise.all([both(30, 31), both(31, 30)])
  expect(runs).toBeGreaterThan(2)
  expect((await db.query('SELECT n FROM things WHERE id IN (30, 31)')).rows).toEqual([{ n: 2 }, { n: 2 }])
})

test('lost idle connections are replaced without an error, and logged once a second at most', async () => {
  const logger = recordedLog()
  const db = aDatabase({ logger, poolSize: 5, applicationName: 'lost-idle' })
  await Promise.all([1, 2, 3, 4, 5].map(() => db.query('SELECT pg_sleep(0.1)')))
  const started = performance.now()
  await asSuperuser((client) =>
    client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lost-idle'`),
  )
  await expect.poll(() => db.stats().free).toBe(0)
  expect((await db.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  expect((await db.transaction((trx) => trx.query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }])
  const told = logger.lines.map(({ message }) => message)
  expect(new Set(told)).toEqual(new Set(['lost connections to PostgreSQL']))
  // five were lost, perhaps not in the same second
  expect(told.length).toBeLessThanOrEqual(1 + (performance.now() - started) / 1000)
})

test('a connection lost under a statement is reported, and its transaction leaves nothing behind', async () => {
  const db = aDatabase({ applicationName: 'lost-busy' })
  const terminate = () =>
    asSuperuser((client) =>
      client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lost-busy'`),
    )
  const sleeping = () =>
    asSuperuser(async (client) => {
      const { rowCount } = await client.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'lost-busy' AND wait_event = 'PgSleep'`,
      )
      return rowCount
    })
  const lost = db.transaction(async (trx) => {
    await trx.query('INSERT INTO things VALUES (40, 0)')
    await terminate()
    await trx.query('INSERT INTO things VALUES (41, 0)')
  })
  await expect(lost).rejects.toBeInstanceOf(DatabaseUnavailable)
  const writing = db.query(`INSERT INTO things SELECT 42, 0 FROM pg_sleep(1)`).catch((error: unknown) => error)
  await expect.poll(sleeping).toBe(1)
  await terminate()
  expect(await writing).toBeInstanceOf(DatabaseUnavailable)
  expect((await db.query('SELECT id FROM things WHERE id BETWEEN 40 AND 49')).rows).toEqual([])
})

test('a connection that is ended in the moment in which it is opened is reported, and ends nothing else', async () => {
  const db = aDatabase({ url: await startEndingServer() })
  await expect(db.query('SELECT 1')).rejects.toBeInstanceOf(DatabaseUnavailable)
  await expect(db.transaction((trx) => trx.query('SELECT 1'))).rejects.toBeInstanceOf(DatabaseUnavailable)
})

test('a server that became read-only is left: its connection is closed, not used again', async () => {
  const db = aDatabase({ poolSize: 1 })
  const pid = await backendOf(db)
  await db.query('SET default_transaction_read_only = on')
  await expect(db.query('INSERT INTO things VALUES (50, 0)')).rejects.toBeInstanceOf(DatabaseUnavailable)
  expect(await backendOf(db)).not.toBe(pid)
  expect((await db.query('INSERT INTO things VALUES (50, 0)')).rowCount).toBe(1)
})

test('no server and a wrong password both mean that the database cannot answer', async () => {
  const wrong = Object.assign(new URL(clone.url), { password: 'wrong' }).href
  const nobody = Object.assign(new URL(clone.url), { port: '9' }).href
  for (const url of [wrong, nobody]) {
    const error: unknown = await aDatabase({ url })
      .query('SELECT 1')
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(DatabaseUnavailable)
    expect(String((error as DatabaseUnavailable).logDetail)).toMatch(/ECONNREFUSED|28P01/)
  }
})

test('it works through a PgBouncer that refuses timeouts at the start of a connection', async () => {
  const db = aDatabase({ url: await startRefusingProxy(clone.url), poolSize: 2 })
  const all = await Promise.all([1, 2, 3, 4].map((n) => db.query<{ n: number }>('SELECT $1::int AS n', [n])))
  expect(all.map(({ rows }) => rows[0]?.n)).toEqual([1, 2, 3, 4])
  const shown = await db.transaction((trx) => trx.query<{ lock_timeout: string }>('SHOW lock_timeout'))
  expect(shown.rows).toEqual([{ lock_timeout: '2s' }])
})

test('no state stays on a connection: no prepared statement and no setting of a transaction', async () => {
  const db = aDatabase({ poolSize: 1 })
  await db.query('SELECT $1::int', [1])
  await db.transaction((trx) => trx.query('SELECT $1::int', [1]))
  expect((await db.query('SELECT name FROM pg_prepared_statements')).rows).toEqual([])
  const bouncer = aDatabase({ url: await startRefusingProxy(clone.url), poolSize: 1 })
  await bouncer.transaction((trx) => trx.query('SELECT 1'))
  expect((await bouncer.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }])
})

test('the clock of the database is told as a date', async () => {
  expect(Math.abs((await databaseNow(aDatabase())).getTime() - Date.now())).toBeLessThan(60_000)
})

test('a database that can but read is none that answers, and its connection is given up for another', async () => {
  const db = aDatabase({ poolSize: 1 })
  const { rows } = await db.query<{ name: string }>('SELECT current_database() AS name')
  const set = (value: string) =>
    asSuperuser((client) =>
      client.query(`ALTER DATABASE ${rows[0]?.name} SET default_transaction_read_only = ${value}`),
    )
  const before = await backendOf(db)
  await databaseNow(db)
  expect(await backendOf(db)).toBe(before)
  await db.query('SET default_transaction_read_only = on')
  await expect(databaseNow(db)).rejects.toMatchObject({ code: 'database_unavailable', cause: { code: '25006' } })
  expect(await backendOf(db)).not.toBe(before)
  await set('on')
  await db.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
  await expect(databaseNow(db)).rejects.toThrow(DatabaseUnavailable)
  await set('off')
  expect(await databaseNow(db)).toBeInstanceOf(Date)
})

test('it tells how busy the pool is', async () => {
  const db = aDatabase({ poolSize: 2 })
  expect(db.stats()).toEqual({ used: 0, free: 0, pending: 0, max: 2 })
  const { held, release } = await holdStatements(clone.url)
  const busy = [1, 2, 3].map(() => db.query(held))
  await expect.poll(() => db.stats()).toEqual({ used: 2, free: 0, pending: 1, max: 2 })
  await release()
  await Promise.all(busy)
  expect(db.stats()).toEqual({ used: 0, free: 2, pending: 0, max: 2 })
})

test('once it is closed no connection is open any more', async () => {
  const db = createDatabase({ url: clone.url, applicationName: 'closing' })
  await Promise.all([1, 2, 3].map(() => db.query('SELECT pg_sleep(0.1)')))
  await db.close()
  const { rows } = await aDatabase().query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'closing'`)
  expect(rows).toEqual([])
})

test('closing waits for the statements under way', async () => {
  const db = createDatabase({ url: clone.url })
  const { held, waiting, release } = await holdStatements(clone.url)
  const order: string[] = []
  const busy = db.query(held).then(() => order.push('finished'))
  await expect.poll(waiting).toBe(1)
  const closed = db.close().then(() => order.push('closed'))
  await release()
  await Promise.all([busy, closed])
  expect(order).toEqual(['finished', 'closed'])
  await expect(db.query('SELECT 1')).rejects.toBeInstanceOf(DatabaseUnavailable)
})

async function backendOf(db: PooledDatabase): Promise<number | undefined> {
  return (await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
}

function nameOf(database: TestDatabase): string {
  return new URL(database.url).pathname.slice(1)
}
