/** Writes graphile-worker's messages to our log. */
import type { Logger } from 'graphile-worker'
import type { Log } from '#shared/log.ts'

/**
 * Returns a logger for graphile-worker that drops its metadata, which contains whole jobs. Failed tasks are logged by
 * the room that owns them, so here they are debug messages.
 */
export async function workerLog(logger: Log | undefined): Promise<Logger> {
  const { Logger: WorkerLogger } = await import('graphile-worker')
  return new WorkerLogger(() => (level, message, meta) => {
    const fields = { worker: message }
    const serious = (level === 'error' || level === 'warning') && meta?.['failure'] !== true
    if (serious) logger?.warn(fields, 'the outbox worker has trouble')
    else logger?.debug(fields, 'outbox worker')
  })
}
