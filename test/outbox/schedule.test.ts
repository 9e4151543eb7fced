/** Jobs run again and again, survive a failure, and stop in order. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startJobs } from '#outbox/schedule.ts'
import { createLogger } from '#observability/logger.ts'

const logger = createLogger({ level: 'silent', format: 'json' })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('runs a job again after it failed, and never twice at once', async () => {
  const runs: PromiseWithResolvers<void>[] = []
  const run = async () => {
    const work = Promise.withResolvers<void>()
    runs.push(work)
    await work.promise
    return undefined
  }
  const stop = startJobs([{ name: 'fails-first', everyMs: 10, run }], logger)
  await vi.advanceTimersByTimeAsync(100)
  expect(runs).toHaveLength(1)
  runs[0]?.reject(new Error('the first run fails'))
  await vi.advanceTimersByTimeAsync(100)
  expect(runs).toHaveLength(2)
  runs[1]?.resolve()
  await vi.advanceTimersByTimeAsync(100)
  expect(runs).toHaveLength(3)
  let hasStopped = false
  const stopped = stop().then(() => (hasStopped = true))
  await vi.advanceTimersByTimeAsync(100)
  expect(hasStopped, 'a run is under way').toBe(false)
  runs[2]?.resolve()
  await stopped
  await vi.advanceTimersByTimeAsync(100)
  expect(runs).toHaveLength(3)
})
