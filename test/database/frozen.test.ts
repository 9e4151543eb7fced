/** What happens to requests while PostgreSQL is frozen or restarted (a PostgreSQL of this file's own). */
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import type { EmbeddedDatabase } from '#embedded-postgres/embedded-postgres.ts'
import { DatabaseUnavailable } from '#database/errors.ts'
import { createNotifications, notify } from '#database/notify.ts'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { atEnd } from '../support/endings.ts'
import { childrenOf } from '../support/holder-process.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'
import { recordedLog } from '../support/recorded-log.ts'
import { atMost } from '../support/time-limits.ts'

const PATIENT = { timeout: 40_000 }

let postgres: EmbeddedDatabase

beforeAll(async () => {
  postgres = await startOwnPostgres()
})

function aDatabase(poolSize = 4): PooledDatabase {
  const db = createDatabase({ url: postgres.url, poolSize })
  atEnd(() => db.close())
  return db
}

/** Stops every process of PostgreSQL in its tracks; the returned function lets them go on. */
function freeze(): () => void {
  const pids = [postgres.pid, ...childrenOf(postgres.pid)]
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  let frozen = true
  const thaw = () => {
    if (frozen) for (const pid of pids) process.kill(pid, 'SIGCONT')
    frozen = false
  }
  onTestFinished(thaw)
  return thaw
}

async function timeOf(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const started = performance.now()
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  return { error, ms: performance.now() - started }
}

test('a frozen PostgreSQL means "cannot answer" within three seconds, then at once, and everything works after', async () => {
  const db = aDatabase(4)
  await Promise.all([1, 2, 3].map(() => db.query('SELECT pg_sleep(0.05)'))) // three connections are open
  const thaw = freeze()
  const first = await Promise.all([
    ...[1, 2, 3, 4, 5, 6].map(() => timeOf(db.query('SELECT 1'))),
    timeOf(db.transaction((trx) => trx.query('SELECT 1'))),
  ])
  for (const { error, ms } of first) {
    expect(error).toBeInstanceOf(DatabaseUnavailable)
    expect(ms).toBeLessThan(atMost(3000))
  }
  await timeOf(db.query('SELECT 1')) // the one that tries whether it answers again
  const later = await timeOf(db.query('SELECT 1'))
  expect(later.error).toBeInstanceOf(DatabaseUnavailable)
  expect(later.ms).toBeLessThan(atMost(1000))
  thaw()
  const answers = () => db.query('SELECT 1 AS one').catch(() => undefined)
  await expect.poll(answers, PATIENT).toMatchObject({ rows: [{ one: 1 }] })
  await Promise.all(Array.from({ length: 20 }, () => db.transaction((trx) => trx.query('SELECT 1'))))
})

test('notifications are heard again after PostgreSQL was frozen for longer than the check waits', async () => {
  const db = aDatabase(1)
  const logger = recordedLog()
  const notifications = await createNotifications({ url: postgres.url, logger })
  atEnd(() => notifications.close())
  const heard: string[] = []
  let reconnections = 0
  notifications.listen('news', (payload) => heard.push(payload))
  await expect.poll(() => (notify(db, 'news', 'one').catch(() => undefined), heard)).toContain('one')
  notifications.onReconnect(() => (reconnections += 1))
  const thaw = freeze()
  const isLost = () => logger.lines.some(({ message }) => message === 'lost the connection for notifications')
  await expect.poll(isLost, PATIENT).toBe(true)
  thaw()
  await expect.poll(() => reconnections, PATIENT).toBe(1)
  await expect.poll(() => (notify(db, 'news', 'two').catch(() => undefined), heard), PATIENT).toContain('two')
})

test('after a fast restart requests succeed again without a restart of ours', async () => {
  const db = aDatabase()
  await Promise.all([1, 2, 3].map(() => db.query('SELECT pg_sleep(0.05)')))
  const busy = timeOf(db.query(`SELECT pg_sleep(2) FROM pg_stat_activity`))
  const before = postgres.pid
  process.kill(before, 'SIGINT')
  expect((await busy).error).toBeInstanceOf(DatabaseUnavailable)
  await expect.poll(() => db.query('SELECT 1').catch(() => undefined), PATIENT).toMatchObject({ rowCount: 1 })
  await expect.poll(() => postgres.pid).not.toBe(before)
})
