/** Keeps a runner of the outbox at work for as long as this process serves. */
import { setTimeout as delay } from 'node:timers/promises'
import { openOutboxRunner, type OutboxRunner, type OutboxRunnerOptions } from './runner.ts'
import type { Log } from '#shared/log.ts'

export interface OutboxOptions extends OutboxRunnerOptions {
  readonly logger: Log
}

/** The worker's code is loaded once requests are answered. */
const FIRST_PAUSE_MS = 250
const SHORTEST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

/**
 * Begins in the background: a start waits for no outbox. A runner that cannot open or breaks is replaced after a pause
 * that grows. The returned function lets work that is under way end and resolves when nothing runs any more.
 */
export function startOutbox(options: OutboxOptions): () => Promise<void> {
  const stopping = new AbortController()
  let runner: OutboxRunner | undefined
  let pauseMs = SHORTEST_PAUSE_MS

  async function once(): Promise<void> {
    try {
      runner = await openOutboxRunner(options)
      pauseMs = SHORTEST_PAUSE_MS
      if (stopping.signal.aborted) return await runner.close()
      await runner.ended
    } catch (error) {
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      options.logger.warn({ err: error }, 'the outbox cannot be worked on; it is tried again')
    }
  }

  const pause = (ms: number) => delay(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)

  async function keepRunning(): Promise<void> {
    await pause(FIRST_PAUSE_MS)
    while (!stopping.signal.aborted) {
      await once()
      await pause(pauseMs)
    }
  }

  const running = keepRunning()
  return async () => {
    stopping.abort()
    await runner?.close()
    await running
  }
}
