/** Several worker processes on one port; the primary process collects their metrics and stops them in order. */
import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '#observability/logger.ts'
import { createMetrics, type MetricsSnapshot, sumSnapshots } from '#observability/metrics.ts'
import type { ServingProcesses } from './serving-processes.ts'
import { createWorkerPool } from './worker-pool.ts'
import { nextMessage, send } from './worker-messages.ts'

const ANSWER_TIMEOUT_MS = 1000
/** How much time a worker gets to exit after its open requests. */
const END_MS = 5000

/** Creates `count` workers; they start with `start`. */
export function createWorkers(count: number, logger: Logger): ServingProcesses {
  const metrics = createMetrics()
  const pool = createWorkerPool(logger)
  let lastRequestId = 0

  /** Returns the metrics of the workers that answer in time. */
  async function snapshots(): Promise<MetricsSnapshot[]> {
    const answers = await Promise.all([...pool.serving].map((worker) => snapshotOf(worker, (lastRequestId += 1))))
    return answers.filter((answer) => answer !== undefined)
  }

  return {
    async start(database) {
      await Promise.all(Array.from({ length: count }, () => pool.startOne(database)))
    },
    async ready() {
      const answering = await snapshots()
      const ok = answering.length === count
      return { ok, reason: ok ? 'ready' : `${answering.length} of ${count} workers serve` }
    },
    metrics: {
      contentType: metrics.contentType,
      text: async () => sumSnapshots([await metrics.snapshot(), ...(await snapshots())]),
    },
    async drain(timeoutMs) {
      pool.stopReplacing()
      const cutOffs = await Promise.all([...pool.serving].map((worker) => drainOne(worker, timeoutMs)))
      metrics.close()
      return cutOffs.reduce((sum, cut) => sum + cut, 0)
    },
  }
}

async function snapshotOf(worker: Worker, id: number): Promise<MetricsSnapshot | undefined> {
  const answer = nextMessage(worker, 'figures', id)
  send(worker, { kind: 'ask', id })
  const message = await Promise.race([answer, delay(ANSWER_TIMEOUT_MS, undefined, { ref: false })])
  return message?.snapshot
}

async function drainOne(worker: Worker, timeoutMs: number): Promise<number> {
  const exited = once(worker, 'exit').then(() => true)
  const drained = nextMessage(worker, 'drained')
  send(worker, { kind: 'drain', timeoutMs })
  const ended = await Promise.race([exited, delay(timeoutMs + END_MS, false, { ref: false })])
  if (!ended) worker.process.kill('SIGKILL')
  return (await drained)?.cut ?? 0
}
