import { beforeAll, expect, test } from 'vitest'
import type { Notifications } from '#database/database.ts'
import { createNotifiedCache } from '#database/notified-cache.ts'
import { createNotifications, notify } from '#database/notify.ts'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { atEnd } from '../support/endings.ts'
import { asSuperuser, emptyDatabase } from '../support/postgres.ts'

let db: PooledDatabase
let notifications: Notifications
let url: string

beforeAll(async () => {
  url = (await emptyDatabase()).url
  db = createDatabase({ url })
  notifications = await createNotifications({ url })
  atEnd(() => Promise.all([db.close(), notifications.close()]))
})

/** A cache whose loads are let through by the test, one by one, with a clock that it moves. */
async function aCache(channel: string, maxEntries = 100) {
  const loads: { id: string; finish(value: string | undefined): void; fail(error: Error): void }[] = []
  let now = 0
  let ready = false
  notifications.onReconnect(() => (ready = true))
  const cache = createNotifiedCache<string>({
    channel,
    notifications,
    maxAgeMs: 5000,
    maxEntries,
    clock: { now: () => new Date(now) },
    load(id) {
      const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
      loads.push({ id, finish: resolve, fail: reject })
      return promise
    },
  })
  await expect.poll(() => ready).toBe(true)
  const get = async (id: string, value: string | undefined) => {
    const got = cache.get(id)
    loads.at(-1)?.finish(value)
    return got
  }
  /** Notifies from elsewhere and waits until it was heard here. */
  const notified = async (payload: string) => {
    const heard = new Promise<void>((resolve) => {
      const stop = notifications.listen(channel, () => (stop(), resolve()))
    })
    await notify(db, channel, payload)
    await heard
  }
  return { cache, loads, get, notified, sleep: (ms: number) => (now += ms) }
}

test('a value is loaded once, until its maximum age', async () => {
  const { cache, loads, get, sleep } = await aCache('age')
  expect(await get('a', 'one')).toBe('one')
  sleep(4999)
  expect(await cache.get('a')).toBe('one')
  expect(loads).toHaveLength(1)
  sleep(1)
  expect(await get('a', 'two')).toBe('two')
  expect(loads).toHaveLength(2)
  sleep(-10_000) // a clock that was set back makes nothing live longer
  expect(await get('a', 'three')).toBe('three')
})

test('concurrent gets of one id share one load, and the error of a load reaches all without being kept', async () => {
  const { cache, loads, get } = await aCache('share')
  const both = [cache.get('a'), cache.get('a')]
  expect(loads).toHaveLength(1)
  loads[0]?.fail(new Error('no answer'))
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await get('a', 'one')).toBe('one')
})

test('what does not exist is asked for again each time', async () => {
  const { get, loads } = await aCache('misses')
  expect(await get('a', undefined)).toBeUndefined()
  expect(await get('a', 'made meanwhile')).toBe('made meanwhile')
  expect(loads).toHaveLength(2)
})

test('a notification drops the value it names, and an empty one all of them', async () => {
  const { cache, get, loads, notified } = await aCache('drop')
  await get('a', 'one')
  await get('b', 'one')
  await notified('a')
  expect(await get('a', 'two')).toBe('two')
  expect(await cache.get('b')).toBe('one')
  await notified('')
  expect(await get('b', 'three')).toBe('three')
  expect(loads.map(({ id }) => id)).toEqual(['a', 'b', 'a', 'b'])
})

test('a load under way when its id is notified is neither cached nor shared with later gets', async () => {
  const { cache, loads, notified } = await aCache('race')
  const early = cache.get('a')
  await notified('a')
  const late = cache.get('a')
  expect(loads).toHaveLength(2)
  loads[1]?.finish('new')
  expect(await late).toBe('new')
  loads[0]?.finish('old')
  expect(await early).toBe('old')
  expect(await cache.get('a')).toBe('new')
  expect(loads).toHaveLength(2)
})

test('a value that this process changed is forgotten at once, also while it is being loaded', async () => {
  const { cache, loads } = await aCache('own')
  const early = cache.get('a')
  cache.drop('a')
  loads[0]?.finish('old')
  expect(await early).toBe('old')
  const late = cache.get('a')
  expect(loads).toHaveLength(2)
  loads[1]?.finish('new')
  expect(await late).toBe('new')
})

test('beyond the limit the value unused for longest is forgotten', async () => {
  const { cache, get, loads } = await aCache('limit', 2)
  await get('a', 'one')
  await get('b', 'one')
  expect(await cache.get('a')).toBe('one')
  await get('c', 'one')
  expect(await cache.get('a')).toBe('one')
  expect(loads).toHaveLength(3)
  void cache.get('b')
  expect(loads).toHaveLength(4)
})

test('everything is forgotten when the connection for notifications was lost', async () => {
  const { get, loads } = await aCache('lost')
  await get('a', 'one')
  let reconnected = false
  notifications.onReconnect(() => (reconnected = true))
  await asSuperuser(
    (client) =>
      client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'signet-listen' AND datname = current_database()`,
      ),
    url,
  )
  await expect.poll(() => reconnected).toBe(true)
  expect(await get('a', 'two')).toBe('two')
  expect(loads).toHaveLength(2)
})
