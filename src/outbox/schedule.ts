/** Runs jobs at fixed intervals; other rooms supply the jobs. */
import type { Logger } from '#observability/logger.ts'

export interface Job {
  readonly name: string
  readonly everyMs: number
  /** Returns fields for the log line, or undefined when nothing is worth logging. */
  run(): Promise<Readonly<Record<string, unknown>> | undefined>
}

/**
 * Starts each job after a random part of its interval, so that nodes do not run it at the same moment, and then at
 * every interval. A job that fails is logged and runs again at its next interval. The returned function stops the
 * schedule and waits for running jobs.
 */
export function startJobs(jobs: readonly Job[], logger: Logger): () => Promise<void> {
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  let stopped = false

  async function runOnce(job: Job): Promise<void> {
    try {
      const done = await job.run()
      if (done) logger.info({ job: job.name, ...done }, 'job done')
    } catch (error) {
      logger.warn({ job: job.name, err: error }, 'job failed; it is tried again')
    }
  }

  function schedule(job: Job, delayMs: number): void {
    if (stopped) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      const work = runOnce(job).finally(() => {
        running.delete(work)
        schedule(job, job.everyMs)
      })
      running.add(work)
    }, delayMs)
    timer.unref()
    timers.add(timer)
  }

  for (const job of jobs) schedule(job, Math.random() * job.everyMs)
  return async () => {
    stopped = true
    for (const timer of timers) clearTimeout(timer)
    await Promise.all(running)
  }
}
