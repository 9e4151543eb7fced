/** Runs what is to be done again and again; the rules live in the rooms. */
import type { Logger } from '#observability/logger.ts'

export interface Job {
  readonly name: string
  readonly everyMs: number
  /** What was done, for the log; undefined for nothing worth a line. */
  run(): Promise<Readonly<Record<string, unknown>> | undefined>
}

/**
 * Starts each job after a random part of its interval, so that nodes do not work at the same moment, and then at its
 * interval. A job that fails is logged and tried again next time. The returned function stops and waits.
 */
export function startJobs(jobs: readonly Job[], logger: Logger): () => Promise<void> {
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  let stopped = false

  async function once(job: Job): Promise<void> {
    try {
      const done = await job.run()
      if (done) logger.info({ job: job.name, ...done }, 'job done')
    } catch (error) {
      logger.warn({ job: job.name, err: error }, 'job failed; it is tried again')
    }
  }

  function plan(job: Job, delayMs: number): void {
    if (stopped) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      const work = once(job).finally(() => {
        running.delete(work)
        plan(job, job.everyMs)
      })
      running.add(work)
    }, delayMs)
    timer.unref()
    timers.add(timer)
  }

  for (const job of jobs) plan(job, Math.random() * job.everyMs)
  return async () => {
    stopped = true
    for (const timer of timers) clearTimeout(timer)
    await Promise.all(running)
  }
}
