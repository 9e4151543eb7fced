/** Faults of PostgreSQL and of the way to it. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { rowId } from '#oidc/adapter/sealing.ts'
import { allGone, childrenOf } from '../support/holder-process.ts'
import { expectAway, expectBack, expectNotReady, type Waiting, waitAtSignIn } from './expectations.ts'
import type { Family } from './families.ts'
import type { Fault, Scene } from './harness.ts'
import type { World } from './world.ts'

/** How long a database stays away. */
const AWAY_MS = 3500

export const DATABASE_FAULTS: readonly Fault[] = [
  {
    id: 'F1',
    name: 'fast restart of PostgreSQL',
    async inject(scene) {
      const { pid } = scene.world.postgres
      process.kill(pid, 'SIGINT')
      await allGone([pid], 20_000)
      await back(scene, await answersAgain(scene.world))
    },
  },
  { id: 'F2', name: 'kill -9 of PostgreSQL, away for seconds', inject: killedAndAway },
  {
    id: 'F3',
    name: 'kill -9 of one backend',
    async inject(scene) {
      const [row] = await scene.world.sql<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'signet' LIMIT 1`,
      )
      process.kill(row?.pid ?? 0, 'SIGKILL')
      await delay(50) // the postmaster has noticed and ends the others
      await back(scene, await answersAgain(scene.world))
    },
  },
  {
    id: 'F4',
    name: 'PostgreSQL stopped in its tracks (SIGSTOP)',
    async inject(scene) {
      const waiting = await waitingOnBoth(scene.world)
      const pids = everyProcess(scene.world)
      signal(pids, 'SIGSTOP')
      const since = performance.now()
      try {
        await expectAway(scene.world, { ...scene, nodes: waiting, since })
        await delay(Math.max(0, since + AWAY_MS - performance.now()))
      } finally {
        scene.away(since, performance.now())
        signal(pids, 'SIGCONT')
      }
      await back(scene, performance.now(), waiting)
    },
  },
  { id: 'F5', name: 'no connection left', inject: exhausted },
  { id: 'F6', name: 'locked tables, then cancelled statements', inject: lockedAndCancelled },
  {
    id: 'F8',
    name: 'PostgreSQL turned read-only',
    async inject(scene) {
      const waiting = await waitingOnBoth(scene.world)
      await setting(scene.world, 'default_transaction_read_only', 'on')
      await delay(50) // every backend has read it
      const since = performance.now()
      try {
        await expectAway(scene.world, { ...scene, nodes: waiting, since, only: 'writes' })
        await Promise.all([0, 1].map((node) => expectNotReady(scene.world, node, { ...scene, since })))
        await delay(1000)
      } finally {
        scene.away(since, performance.now())
        await setting(scene.world, 'default_transaction_read_only', 'off')
      }
      await back(scene, performance.now(), waiting)
    },
  },
  { id: 'F10', name: 'deadlocks, then serialisation failures', inject: conflicts },
  {
    id: 'F24',
    name: 'one process cut off from PostgreSQL, no FIN',
    async inject(scene) {
      const waiting = [await waitAtSignIn(scene.world, 1)]
      scene.world.proxy.fallSilent()
      const since = performance.now()
      try {
        await expectAway(scene.world, { ...scene, nodes: waiting, since })
        await delay(Math.max(0, since + AWAY_MS - performance.now()))
      } finally {
        scene.world.proxy.speakAgain()
      }
      await back(scene, performance.now(), waiting)
    },
  },
]

async function killedAndAway(scene: Scene): Promise<void> {
  const { world } = scene
  const waiting = await waitingOnBoth(world)
  // with this it does not start again before the line is gone
  const file = join(world.databaseDir, 'postgresql.auto.conf')
  const before = readFileSync(file, 'utf8')
  appendFileSync(file, 'no_such_setting = on\n')
  let backAt = 0
  try {
    signal(everyProcess(world), 'SIGKILL')
    const since = performance.now()
    await expectAway(world, { ...scene, nodes: waiting, since })
    await delay(Math.max(0, since + AWAY_MS - performance.now()))
    scene.away(since, performance.now())
  } finally {
    writeFileSync(file, before)
    backAt = await answersAgain(world)
  }
  await back(scene, backAt, waiting)
}

async function exhausted(scene: Scene): Promise<void> {
  const { world } = scene
  const waiting = await waitingOnBoth(world)
  const idle: pg.Client[] = []
  const open = async () => {
    const client = new pg.Client(world.postgres.url)
    client.on('error', () => undefined)
    await client.connect()
    idle.push(client)
    return client
  }
  try {
    const first = await open()
    const ours = `FROM pg_stat_activity WHERE application_name LIKE 'signet%'`
    for (let round = 0; round < 50; round++) {
      // those of the server go, and before it can have them back they are taken
      await first.query(`SELECT pg_terminate_backend(pid) ${ours}`)
      const taken = await Promise.allSettled(Array.from({ length: 20 }, open))
      const { rows } = await first.query<{ count: number }>(`SELECT count(*)::int ${ours}`)
      if (rows[0]?.count === 0 && taken.every(({ status }) => status === 'rejected')) break
    }
    scene.note(`${idle.length} idle connections`)
    const since = performance.now()
    await expectAway(world, { ...scene, nodes: waiting, since })
    await delay(1000)
  } finally {
    // whatever went wrong, the judges need a connection
    await Promise.all(idle.map((client) => client.end()))
  }
  await back(scene, performance.now(), waiting)
}

async function lockedAndCancelled(scene: Scene): Promise<void> {
  const { world } = scene
  const waiting = await waitingOnBoth(world)
  const holder = new pg.Client(world.postgres.url)
  await holder.connect()
  await holder.query('BEGIN; LOCK TABLE artefacts, grants, sessions, audit_events IN ACCESS EXCLUSIVE MODE')
  // the database answers: it is not for the probe to say that a table is locked
  await expectAway(world, { ...scene, nodes: waiting, since: performance.now(), only: 'locked' })
  await delay(1500)
  await holder.query('ROLLBACK')
  await back(scene, performance.now(), waiting)
  for (const until = performance.now() + 2000; performance.now() < until;) {
    await holder.query(
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'signet' AND state = 'active'`,
    )
    await delay(5)
  }
  await holder.end()
  await back(scene, performance.now())
}

/** First against the order in which the server takes its locks, then with an isolation that lets nobody overtake. */
async function conflicts(scene: Scene): Promise<void> {
  const { world, load } = scene
  const before = await deadlocks(world)
  for (let round = 0; round < 40; round++) {
    await againstTheOrder(world, load.families.filter(({ state }) => state === 'live').slice(-5))
  }
  const met = (await deadlocks(world)) - before
  scene.note(`${met} deadlocks`)
  scene.expect(met > 0, 'there was no deadlock')
  await setting(world, 'default_transaction_isolation', 'serializable')
  await delay(3000)
  await setting(world, 'default_transaction_isolation', 'read committed')
  await back(scene, performance.now())
}

/** Holds the token that a family refreshes next, and then wants its grant, which the refresh has by then. */
async function againstTheOrder(world: World, families: readonly Family[]): Promise<void> {
  const holder = new pg.Client(world.postgres.url)
  await holder.connect()
  await holder.query('BEGIN')
  const { rows } = await holder.query<{ grant_id: string }>(
    `SELECT grant_id FROM artefacts WHERE kind = 'RefreshToken' AND id = ANY($1) AND consumed_at IS NULL FOR UPDATE`,
    [families.map(({ refreshTokens }) => rowId(refreshTokens.at(-1) as string))],
  )
  await delay(80)
  const grants = rows.map(({ grant_id: id }) => id)
  await holder.query('SELECT 1 FROM grants WHERE id = ANY($1) FOR UPDATE', [grants]).catch(() => undefined)
  await holder.query('ROLLBACK')
  await holder.end()
  await delay(20)
}

async function deadlocks(world: World): Promise<number> {
  const [row] = await world.sql<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  )
  return Number(row?.deadlocks ?? 0)
}

async function setting(world: World, name: string, value: string): Promise<void> {
  const client = new pg.Client(world.postgres.url)
  await client.connect()
  // it may be this very setting that forbids to write
  await client.query(`SET default_transaction_read_only = off`)
  await client.query(`ALTER SYSTEM SET ${name} = '${value}'`)
  await client.query('SELECT pg_reload_conf()')
  await client.end()
}

function waitingOnBoth(world: World): Promise<Waiting[]> {
  return Promise.all([0, 1].map((node) => waitAtSignIn(world, node)))
}

async function back(scene: Scene, since: number, waiting: readonly Waiting[] = []): Promise<void> {
  scene.recovered(await expectBack(scene.world, { expect: scene.expect, since, waiting }))
}

/** The moment at which PostgreSQL takes connections again. */
export async function answersAgain(world: World): Promise<number> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
    try {
      await world.sql('SELECT 1')
      return performance.now()
    } catch {
      await delay(20)
    }
  }
  throw new Error('PostgreSQL does not come back')
}

/** The postmaster and its children. */
export function everyProcess({ postgres }: World): number[] {
  return [postgres.pid, ...childrenOf(postgres.pid)]
}

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // it may have ended meanwhile
    }
  }
}
