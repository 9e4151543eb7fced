/** A few of the faults of `npm run faults`, each short: what was answered stays true, and everything is normal soon. */
import { expect, test } from 'vitest'
import { faultOf } from '../faults/faults.ts'
import { runFault } from '../faults/harness.ts'
import { createWorld } from '../faults/world.ts'

test('two processes under load survive a crash of PostgreSQL, its standstill and crashes of their own', async () => {
  // the seconds are the bar of the whole run; here other tests take the processor
  const world = await createWorld(3)
  for (const [index, id] of ['F2', 'F4', 'F11'].entries()) {
    const result = await runFault(world, faultOf(id), { seed: 20 + index, people: 3, machines: 1, settleMs: 700 })
    expect(result.violations, id).toEqual([])
    expect(result.operations.ok).toBeGreaterThan(50)
    // a fault that nobody noticed was none
    expect(result.operations.unknown, id).toBeGreaterThan(0)
  }
}, 120_000)
