/** Fifty crashes of a process and ten of PostgreSQL, one after the other, under load. */
import { setTimeout as delay } from 'node:timers/promises'
import { answersAgain, everyProcess, signal } from './database-faults.ts'
import { expectBack } from './expectations.ts'
import type { Fault, Scene } from './harness.ts'

export const NODE_KILLS = 50
export const DATABASE_KILLS = 10

export const CRASH_LOOP: Fault = {
  id: 'crash loop',
  name: `${NODE_KILLS} × kill -9 of a process, ${DATABASE_KILLS} × of PostgreSQL`,
  overloads: true,
  async inject(scene) {
    const { world, random } = scene
    const order = shuffled(
      [...Array<'node'>(NODE_KILLS).fill('node'), ...Array<'database'>(DATABASE_KILLS).fill('database')],
      random,
    )
    for (const victim of order) {
      await delay(100 + random() * 500)
      if (victim === 'node') await killNode(scene)
      else await killDatabase(scene)
    }
    scene.recovered(await expectBack(world, { expect: scene.expect, since: performance.now() }))
  },
}

async function killNode({ world, random }: Scene): Promise<void> {
  const node = world.nodes[random() < 0.5 ? 0 : 1]
  await node.kill('SIGKILL')
  await node.restart()
}

async function killDatabase({ world }: Scene): Promise<void> {
  signal(everyProcess(world), 'SIGKILL')
  await answersAgain(world)
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
