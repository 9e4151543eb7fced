/** A disk that is full: all tables lie on a small file system of their own, and something else fills it. */
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { assertionParams } from '../support/assertion.ts'
import { atEnd } from '../support/endings.ts'
import { temporaryDir } from '../support/server.ts'
import { expectAway, expectBack, timed, waitAtSignIn } from './expectations.ts'
import type { Fault, Scene } from './harness.ts'
import type { World } from './world.ts'

export const DISK_FULL: Fault = {
  id: 'F9',
  name: 'disk full',
  skip: () => (mount(temporaryDir('mount')) ? undefined : 'a file system of its own cannot be mounted here'),
  inject: fill,
}

async function fill(scene: Scene): Promise<void> {
  const { world, expect } = scene
  const disk = await smallDisk(world)
  const waiting = await Promise.all([0, 1].map((node) => waitAtSignIn(world, node)))
  // it would free space in between
  await world.sql('ALTER SYSTEM SET autovacuum = off')
  await world.sql('SELECT pg_reload_conf()')
  const filler = join(disk, 'filler')
  spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'])
  scene.note(`${Math.round(statSync(filler).size / 1e6)} MB in the way`)
  try {
    // what is left of the last pages of a table is used up by the load; of another there may be room for long
    await untilNothingIsWritten(world)
    await expectAway(world, { expect, nodes: waiting, since: performance.now(), only: 'machine tokens' })
    await delay(1500)
  } finally {
    rmSync(filler)
  }
  scene.recovered(await expectBack(world, { expect, since: performance.now(), waiting }))
  await moveEverything(world, 'small', 'pg_default')
  await world.sql('DROP TABLESPACE small')
  await world.sql('ALTER SYSTEM RESET autovacuum')
  await world.sql('SELECT pg_reload_conf()')
}

async function smallDisk(world: World): Promise<string> {
  const root = temporaryDir('disk')
  if (!mount(root)) throw new Error('the file system could not be mounted')
  const { uid, gid } = statSync(world.databaseDir)
  const dir = join(root, 'tables')
  mkdirSync(dir, { mode: 0o700 })
  chownSync(dir, uid, gid)
  await world.sql(`CREATE TABLESPACE small LOCATION '${dir}'`)
  await moveEverything(world, 'pg_default', 'small')
  return root
}

async function moveEverything(world: World, from: string, to: string): Promise<void> {
  for (const what of ['TABLE', 'INDEX']) {
    // the load goes on, and may hold one lock while it waits for another
    for (let moved = false, tries = 0; !moved; tries++) {
      const moving = world.sql(`ALTER ${what} ALL IN TABLESPACE ${from} SET TABLESPACE ${to}`)
      moved = await moving.then(
        () => true,
        (error: unknown) => {
          if (tries === 50) throw error
          return false
        },
      )
    }
  }
}

async function untilNothingIsWritten(world: World): Promise<void> {
  const { prober } = world.clients
  for (let refused = 0, deadline = performance.now() + 20_000; refused < 60;) {
    if (performance.now() > deadline) throw new Error('the disk does not get full')
    const node = world.nodes[(refused % 2) as 0 | 1]
    const own = await assertionParams({ issuer: node.issuer, clientId: prober.id, key: prober.key })
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...own })
    const { status } = await timed(node, '/token', { method: 'POST', body })
    refused = status === 503 ? refused + 1 : 0
  }
}

/** Mounts a small file system there until the end; false where that is not possible. */
function mount(dir: string): boolean {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=0711', 'tmpfs', dir])
  if (status !== 0) return false
  atEnd(() => spawnSync('umount', ['-l', dir]))
  return true
}
