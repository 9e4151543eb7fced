/** What graphile-worker says, in our log. */
import type { Logger } from 'graphile-worker'
import type { Log } from '#shared/log.ts'

/** Its words without what it adds to them: that holds whole jobs. Of failed tasks their room tells itself. */
export async function workerLog(logger: Log | undefined): Promise<Logger> {
  const { Logger: WorkerLogger } = await import('graphile-worker')
  return new WorkerLogger(() => (level, message, meta) => {
    const told = { worker: message }
    const grave = (level === 'error' || level === 'warning') && meta?.['failure'] !== true
    if (grave) logger?.warn(told, 'the outbox worker has trouble')
    else logger?.debug(told, 'outbox worker')
  })
}
