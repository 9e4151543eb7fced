/** The outbox is worked on for as long as a process serves, whatever becomes of PostgreSQL meanwhile. */
import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, expect, test, vi } from 'vitest'
import type { EmbeddedDatabase } from '#embedded-postgres/embedded-postgres.ts'
import { migrate } from '#schema.ts'
import { addToOutbox } from '#outbox/outbox-store.ts'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { startOutbox } from '#outbox/outbox.ts'
import { atEnd } from '../support/endings.ts'
import { childrenOf } from '../support/holder-process.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'
import { recordedLog } from '../support/recorded-log.ts'

// PostgreSQL is killed and frozen here, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const PATIENT = { timeout: 60_000 }
let postgres: EmbeddedDatabase
let db: PooledDatabase
const done: unknown[] = []
let began = 0
let stop: () => Promise<void>

beforeAll(async () => {
  postgres = await startOwnPostgres()
  await migrate({ url: postgres.url })
  db = createDatabase({ url: postgres.url })
  atEnd(() => db.close())
  stop = startOutbox({
    url: postgres.url,
    taskMs: 2000,
    leaseMs: 3000,
    pollMs: 200,
    logger: recordedLog(),
    tasks: {
      async try(payload) {
        began += 1
        await delay(500)
        done.push(payload)
      },
    },
  })
  atEnd(() => stop())
})

const add = (name: string) => addToOutbox(db, { task: 'try', maxAttempts: 20, payload: { name } })

async function left(): Promise<unknown[]> {
  return (await db.query('SELECT attempts FROM graphile_worker._private_jobs').catch(() => ({ rows: ['away'] }))).rows
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // it ended by itself
    }
  }
}

const processes = () => [postgres.pid, ...childrenOf(postgres.pid)]

test.each(['is killed', 'is frozen for five seconds'])(
  'work that is under way while PostgreSQL %s is done, and so is what comes after',
  async (fault) => {
    const before = began
    await add(fault)
    await expect.poll(() => began, PATIENT).toBeGreaterThan(before)
    const pids = processes()
    if (fault === 'is killed') {
      signal(pids, 'SIGKILL')
    } else {
      signal(pids, 'SIGSTOP')
      await delay(5000)
      signal(pids, 'SIGCONT')
    }
    await expect.poll(left, PATIENT).toEqual([])
    expect(done).toContainEqual({ name: fault })
    await add('after')
    await expect.poll(() => done.at(-1), PATIENT).toEqual({ name: 'after' })
    await expect.poll(left, PATIENT).toEqual([])
    done.pop()
  },
)

test('after a stop nothing is taken any more', async () => {
  await stop()
  const before = began
  await add('late')
  await delay(700)
  expect(began).toBe(before)
  expect(await left()).toEqual([{ attempts: 0 }])
})
