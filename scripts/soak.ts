/**
 * `npm run test:soak`: what takes longer than CI may or compares times: thousands of schedules, every page in every
 * language, the hazards twice in a row, limits of time, every fault, the crash loop, an hour of mutated requests. Ends
 * with `N passed, N failed`; all parts run whatever came before.
 *
 *   npm run test:soak -- [--fuzz-minutes N] [--seed N]
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const NODE = process.execPath
const { values: given } = parseArgs({
  options: { 'fuzz-minutes': { type: 'string', default: '60' }, seed: { type: 'string' } },
})
const seed = given.seed ?? String(Math.floor(Math.random() * 1e6))
const vitest = (...files: string[]) => [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...files]

const PARTS: readonly { name: string; args: readonly string[]; env?: Readonly<Record<string, string>> }[] = [
  {
    name: '20,000 schedules of refresh, revocation and sign-out with a crash',
    args: vitest('test/oidc/refresh-schedules.test.ts'),
    env: { SIGNET_TEST_SCHEDULES: '20000', SIGNET_TEST_SEED: seed },
  },
  { name: 'every page in every language', args: vitest('test/browser') },
  { name: 'every flow', args: vitest('test/flows') },
  { name: 'every flow on PostgreSQL 14', args: vitest('test/flows'), env: { SIGNET_TEST_POSTGRES: '14' } },
  { name: 'the hazards, the first time', args: vitest('test/hazards') },
  { name: 'the hazards, the second time', args: vitest('test/hazards') },
  {
    name: 'limits of time, exactly',
    args: vitest(
      'test/database',
      'test/http',
      'test/observability',
      'test/resource-server',
      'test/browser/first-paint',
    ),
  },
  { name: 'the commands of the documents, npm ci among them, and the image', args: vitest('test/docs') },
  { name: 'every fault', args: ['test/faults/run.ts', '--seed', seed] },
  { name: 'the crash loop', args: ['test/faults/run.ts', '--crash-loop', '--seed', seed] },
  {
    name: `${given['fuzz-minutes']} minutes of mutated requests`,
    args: ['test/fuzz/fuzz.ts', '--minutes', given['fuzz-minutes'], '--seed', seed],
  },
]

function run({ args, env }: (typeof PARTS)[number]): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>()
  const child = spawn(NODE, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, SIGNET_TEST_SOAK: '1', ...env },
  })
  child.on('error', () => resolve(null))
  child.on('close', resolve)
  return promise
}

process.stdout.write(`seed ${seed}\n`)
let failed = 0
for (const part of PARTS) {
  const started = Date.now()
  const code = await run(part)
  if (code !== 0) failed += 1
  const minutes = ((Date.now() - started) / 60_000).toFixed(1)
  process.stdout.write(`\n${code === 0 ? 'passed' : 'FAILED'}: ${part.name} (${minutes} min)\n\n`)
}
process.stdout.write(`${PARTS.length - failed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
