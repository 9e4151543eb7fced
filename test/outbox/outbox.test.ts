/** The outbox is worked on for as long as a process serves, whatever becomes of PostgreSQL meanwhile. */
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
/** Work under way ends when this is resolved. */
let mayEnd = Promise.resolve()
const log = recordedLog()
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
    logger: log,
    tasks: {
      async try(payload) {
        began += 1
        await mayEnd
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

test.each(['is killed', 'is frozen until a statement is given up'])(
  'work that is under way while PostgreSQL %s is done, and so is what comes after',
  async (fault) => {
    const before = began
    const { promise, resolve: end } = Promise.withResolvers<void>()
    mayEnd = promise
    await add(fault)
    await expect.poll(() => began, PATIENT).toBeGreaterThan(before)
    const pids = processes()
    const told = log.lines.length
    if (fault === 'is killed') {
      signal(pids, 'SIGKILL')
      end()
    } else {
      signal(pids, 'SIGSTOP')
      end()
      await expect.poll(() => log.lines.slice(told).map(({ level }) => level), PATIENT).toContain('warn')
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
  // who has no connection hears of no work and asks for none
  const connections = `SELECT FROM pg_stat_activity WHERE application_name = 'signet-outbox'`
  await expect.poll(async () => (await db.query(connections)).rowCount, PATIENT).toBe(0)
  expect(began).toBe(before)
  expect(await left()).toEqual([{ attempts: 0 }])
})
