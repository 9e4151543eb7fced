/** Tests wait for a sign and never for a fixed time: on a slow machine that is too short, on a fast one it is lost. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** What may let time pass, and why. */
const ALLOWED: Readonly<Record<string, string>> = {
  'test/support/eventually.ts': 'looks for a sign again and again',
  'test/support/outbox-process.ts': 'does work that takes as long as a test says',
  'test/support/embedded-holder.ts': 'drains for a moment, in which PostgreSQL must not end',
  'test/oidc/refresh-schedules.test.ts': 'moves requests against each other, and expects nothing after it',
}
/** Programs that keep a server busy for as long as they are told: `npm run faults` and `npm run fuzz`. */
const PROGRAMS = /^test\/(faults|fuzz)\//

const DELAYS = [
  /\bsetTimeout\b.*from 'node:timers\/promises'/,
  /\bpromisify\(setTimeout\)/,
  /\bscheduler\.wait\(/,
  /=> (void )?setTimeout\(/,
  /\bsetTimeout\((\(\) => )?(resolve|done)\b/,
  /\bwaitForTimeout\(/,
]

function hasDelay(source: string): boolean {
  return DELAYS.some((delay) => delay.test(source))
}

const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `test/${name}`)
  .filter((name) => !PROGRAMS.test(name) && name !== 'test/fixed-delays.test.ts')

test('no test lets a fixed time pass: "eventually" and "expect.poll" wait for a sign', () => {
  const waiting = files.filter((file) => hasDelay(readFileSync(join(ROOT, file), 'utf8')))
  expect(waiting.toSorted()).toEqual(Object.keys(ALLOWED).toSorted())
})

test.each([
  `import { setTimeout as delay } from 'node:timers/promises'`,
  'await new Promise((resolve) => setTimeout(resolve, 500))',
  'setTimeout(() => resolve(sum), 50)',
  'const passes = promisify(setTimeout)',
  'await scheduler.wait(100)',
  'await page.waitForTimeout(100)',
])('a fixed delay is found: %s', (source) => {
  expect(hasDelay(source)).toBe(true)
})

test.each([
  'const timer = setTimeout(() => child.kill(), 25_000)',
  'socket.setTimeout(5000, () => socket.destroy())',
  `import { setImmediate as turn } from 'node:timers/promises'`,
])('a limit of time is none: %s', (source) => {
  expect(hasDelay(source)).toBe(false)
})
