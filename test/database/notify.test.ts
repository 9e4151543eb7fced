import { beforeEach, expect, test } from 'vitest'
import { DatabaseUnavailable } from '#database/errors.ts'
import { createNotifications, notify } from '#database/notify.ts'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { atEnd } from '../support/endings.ts'
import { asSuperuser, emptyDatabase } from '../support/postgres.ts'
import { recordedLog } from '../support/recorded-log.ts'
import { eventually } from '../support/eventually.ts'

let url: string
let db: PooledDatabase

beforeEach(async () => {
  url = (await emptyDatabase()).url
  const opened = createDatabase({ url })
  atEnd(() => opened.close())
  db = opened
})

async function someNotifications(logger = recordedLog()) {
  const notifications = await createNotifications({ url, logger })
  atEnd(() => notifications.close())
  return notifications
}

function cutConnection(): Promise<unknown> {
  return asSuperuser(
    (client) =>
      client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'signet-listen' AND datname = current_database()`,
      ),
    url,
  )
}

test('a notification reaches the listeners of its channel, and none that stopped', async () => {
  const notifications = await someNotifications()
  const heard: string[] = []
  let ready = 0
  notifications.onReconnect(() => (ready += 1))
  const stop = notifications.listen('signet_a', (payload) => heard.push(`stopped ${payload}`))
  notifications.listen('signet_a', (payload) => heard.push(`a ${payload}`))
  notifications.listen('signet "b"', (payload) => heard.push(`b ${payload}`))
  await expect.poll(() => ready).toBe(2)
  stop()
  await notify(db, 'signet_a', 'one')
  await notify(db, 'signet "b"', '')
  await notify(db, 'signet_c', 'three')
  await expect.poll(() => heard).toEqual(['a one', 'b '])
})

test('a notification in a transaction is sent with its commit, and not at all after a rollback', async () => {
  const notifications = await someNotifications()
  const heard: string[] = []
  let ready = false
  notifications.onReconnect(() => (ready = true))
  notifications.listen('signet_a', (payload) => heard.push(payload))
  await expect.poll(() => ready).toBe(true)
  await expect(
    db.transaction(async (trx) => {
      await notify(trx, 'signet_a', 'rolled back')
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  await db.transaction(async (trx) => {
    await notify(trx, 'signet_a', 'committed')
    expect(heard).toEqual([])
  })
  await expect.poll(() => heard).toEqual(['committed'])
})

test('after the connection was lost it listens again on all channels and says that something may be missed', async () => {
  const logger = recordedLog()
  const notifications = await someNotifications(logger)
  const heard: string[] = []
  let reconnections = 0
  notifications.listen('signet_a', (payload) => heard.push(payload))
  notifications.listen('signet_b', (payload) => heard.push(payload))
  notifications.onReconnect(() => (reconnections += 1))
  await expect.poll(() => reconnections).toBe(2)
  await cutConnection()
  await expect.poll(() => reconnections).toBe(3)
  await notify(db, 'signet_a', 'one')
  await notify(db, 'signet_b', 'two')
  await expect.poll(() => heard).toEqual(['one', 'two'])
  // that a further attempt was needed is a line for debugging
  const told = logger.lines.filter(({ level }) => level !== 'debug')
  expect(told.map(({ message }) => message)).toEqual([
    'lost the connection for notifications',
    'listening for notifications again',
  ])
})

test('a connection that is well stays, check after check', async () => {
  const logger = recordedLog()
  await someNotifications(logger)
  /** The checks that were seen, by when they began. */
  const checks = new Set<string>()
  await eventually(async () => {
    const { rows } = await db.query<{ began: string }>(
      `SELECT query_start::text AS began FROM pg_stat_activity
       WHERE application_name = 'signet-listen' AND datname = current_database() AND query LIKE '%pg_is_in_recovery%'`,
    )
    for (const { began } of rows) checks.add(began)
    return checks.size >= 2
  }, 40_000)
  expect(logger.lines).toEqual([])
})

test('a channel added while the connection is down is heard as soon as it is back', async () => {
  const notifications = await someNotifications()
  await cutConnection()
  const heard: string[] = []
  notifications.listen('signet_late', (payload) => heard.push(payload))
  await expect.poll(() => (notify(db, 'signet_late', 'now').catch(() => undefined), heard)).toContain('now')
})

test('without a server the first connection fails with "cannot answer"', async () => {
  await expect(createNotifications({ url: 'postgres://nobody@127.0.0.1:9/none' })).rejects.toBeInstanceOf(
    DatabaseUnavailable,
  )
})

test('once closed it stays closed', async () => {
  const logger = recordedLog()
  const notifications = await createNotifications({ url, logger })
  await notifications.close()
  await expect
    .poll(async () => {
      const { rows } = await db.query(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'signet-listen' AND datname = current_database()`,
      )
      return rows
    })
    .toEqual([])
  expect(logger.lines).toEqual([])
})
