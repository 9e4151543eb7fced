/** Runs a worker: it serves with the database that the primary process names until that process stops it or is gone. */
import type { Loaded } from '#config/load.ts'
import type { Logger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import type { DatabaseUrls } from './database.ts'
import { startNode } from './node.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** Resolves with the exit code after the worker has drained. */
export async function runWorker({ config, secrets }: Loaded, logger: Logger): Promise<number> {
  // A terminal signals every process of the group; only the primary process acts on it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  // The launcher unrefs the channel, but a worker needs it: node:cluster exits a worker whose primary process is
  // gone.
  process.channel?.ref()
  const metrics = createMetrics()
  const started = Promise.withResolvers<DatabaseUrls>()
  const stopped = Promise.withResolvers<number>()
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'start') started.resolve(message.database)
    if (message.kind === 'drain') stopped.resolve(message.timeoutMs)
    if (message.kind === 'ask') {
      const { id } = message
      void metrics.snapshot().then((snapshot) => send({ kind: 'figures', id, snapshot }))
    }
  })
  await send({ kind: 'waiting' })
  const node = await startNode({ config, secrets, database: await started.promise, logger, metrics })
  await send({ kind: 'serving' })
  const cut = await node.drain(await stopped.promise)
  await send({ kind: 'drained', cut })
  return 0
}

function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send || !process.connected) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}
