/** A crew of several processes over one port, which the leading process asks for their figures and stops in order. */
import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '#observability/logger.ts'
import { createMetrics, type MetricsSnapshot, sumSnapshots } from '#observability/metrics.ts'
import type { Crew } from './crew.ts'
import { createFleet } from './fleet.ts'
import { heard, send } from './worker-messages.ts'

const ANSWER_MS = 1000
/** How much longer than its open requests a worker may take to end. */
const END_MS = 5000

/** `count` workers; none runs before `start`. */
export function createWorkers(count: number, logger: Logger): Crew {
  const metrics = createMetrics()
  const fleet = createFleet(logger)
  let questions = 0

  /** The figures of those who answer in time. */
  async function ask(): Promise<MetricsSnapshot[]> {
    const answers = await Promise.all([...fleet.serving].map((worker) => askOne(worker, (questions += 1))))
    return answers.filter((answer) => answer !== undefined)
  }

  return {
    async start(database) {
      await Promise.all(Array.from({ length: count }, () => fleet.startOne(database)))
    },
    async ready() {
      const answering = await ask()
      const ok = answering.length === count
      return { ok, reason: ok ? 'ready' : `${answering.length} of ${count} workers serve` }
    },
    metrics: {
      contentType: metrics.contentType,
      text: async () => sumSnapshots([await metrics.snapshot(), ...(await ask())]),
    },
    async drain(timeoutMs) {
      fleet.letGo()
      const cuts = await Promise.all([...fleet.serving].map((worker) => drainOne(worker, timeoutMs)))
      metrics.close()
      return cuts.reduce((sum, cut) => sum + cut, 0)
    },
  }
}

async function askOne(worker: Worker, id: number): Promise<MetricsSnapshot | undefined> {
  const answer = heard(worker, 'figures', id)
  send(worker, { kind: 'ask', id })
  const message = await Promise.race([answer, delay(ANSWER_MS, undefined, { ref: false })])
  return message?.snapshot
}

async function drainOne(worker: Worker, timeoutMs: number): Promise<number> {
  const gone = once(worker, 'exit').then(() => true)
  const drained = heard(worker, 'drained')
  send(worker, { kind: 'drain', timeoutMs })
  const ended = await Promise.race([gone, delay(timeoutMs + END_MS, false, { ref: false })])
  if (!ended) worker.process.kill('SIGKILL')
  return (await drained)?.cut ?? 0
}
