/** `npm run faults`: injects every fault into a live server of two processes under load, and tells what it broke. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runEndings } from '../support/endings.ts'
import { CRASH_LOOP } from './crash-loop.ts'
import { FAULTS, faultOf } from './faults.ts'
import { type Result, runFault } from './harness.ts'
import { lineOf, writePage } from './report.ts'
import { createWorld } from './world.ts'

const USAGE = `npm run faults -- [--only F2,F4] [--crash-loop] [--seed N] [--write]

  --only IDS     these faults only: ${FAULTS.map(({ id }) => id).join(' ')}
  --crash-loop   instead of single faults: ${CRASH_LOOP.name}
  --seed N       the same choices as in a run before
  --write        put the figures into docs/reliability.md`
const ROOT = join(import.meta.dirname, '../..')
const SETTLE_MS = 2000

const { values: given } = parseArgs({
  options: {
    only: { type: 'string' },
    'crash-loop': { type: 'boolean', default: false },
    seed: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<number> {
  if (given.help) {
    console.log(USAGE)
    return 0
  }
  const seed = Number(given.seed ?? Math.floor(Math.random() * 1e6))
  const faults = given['crash-loop'] ? [CRASH_LOOP] : (given.only?.split(',').map(faultOf) ?? FAULTS)
  console.log(`seed ${seed}`)
  const world = await createWorld()
  const results: Result[] = []
  for (const fault of faults) {
    const result = await runFault(world, fault, {
      seed: seed * 100 + results.length,
      people: 5,
      machines: 2,
      settleMs: SETTLE_MS,
    })
    results.push(result)
    console.log(lineOf(result))
    for (const { rule, what } of result.violations.slice(0, 20)) console.log(`       ${rule}: ${what}`)
  }
  const run = { date: new Date().toISOString().slice(0, 10), commit: commit(), seed, results }
  if (given.write) writePage(join(ROOT, 'docs/reliability.md'), given['crash-loop'] ? 'crash-loop' : 'faults', run)
  const broken = results.filter(({ violations }) => violations.length > 0)
  console.log(
    broken.length === 0 ? 'violations: none' : `violations in ${broken.map(({ fault }) => fault.id).join(', ')}`,
  )
  return broken.length === 0 ? 0 : 1
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
}

process.once('SIGINT', () => void runEndings().finally(() => process.exit(130)))
try {
  process.exitCode = await main()
} finally {
  await runEndings()
}
process.exit()
