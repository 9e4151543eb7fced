/** Jobs run again and again, survive a failure, and stop in order. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startJobs } from '#outbox/schedule.ts'
import { createLogger } from '#observability/logger.ts'

const logger = createLogger({ level: 'silent', format: 'json' })

test('runs a job again after it failed, and never twice at once', async () => {
  let runs = 0
  let atOnce = 0
  let most = 0
  const stop = startJobs(
    [
      {
        name: 'fails-first',
        everyMs: 10,
        async run() {
          runs++
          most = Math.max(most, ++atOnce)
          await delay(25)
          atOnce--
          if (runs === 1) throw new Error('the first run fails')
          return undefined
        },
      },
    ],
    logger,
  )
  await delay(250)
  await stop()
  expect(runs).toBeGreaterThan(2)
  expect(most).toBe(1)
  expect(atOnce).toBe(0)
  const after = runs
  await delay(50)
  expect(runs).toBe(after)
})
