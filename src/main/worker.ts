/** The life of a worker: it serves on the database it is told of until its leader says to stop, or is gone. */
import type { Loaded } from '#config/load.ts'
import type { Logger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import type { DatabaseUrls } from './database.ts'
import { startNode } from './node.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** Resolves with the exit code once it has drained. */
export async function runWorker({ config, secrets }: Loaded, logger: Logger): Promise<number> {
  // A terminal signals every process of the group; only the leader decides what that means.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  // The launcher lets go of the channel; a worker lives by it, and node:cluster ends it when its leader is gone.
  process.channel?.ref()
  const metrics = createMetrics()
  const started = Promise.withResolvers<DatabaseUrls>()
  const stopped = Promise.withResolvers<number>()
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'start') started.resolve(message.database)
    if (message.kind === 'drain') stopped.resolve(message.timeoutMs)
    if (message.kind === 'ask') {
      const { id } = message
      void metrics.snapshot().then((snapshot) => tell({ kind: 'figures', id, snapshot }))
    }
  })
  await tell({ kind: 'waiting' })
  const node = await startNode({ config, secrets, database: await started.promise, logger, metrics })
  await tell({ kind: 'serving' })
  const cut = await node.drain(await stopped.promise)
  await tell({ kind: 'drained', cut })
  return 0
}

function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send || !process.connected) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}
