/** Keeps an outbox runner open while this process serves. */
import { setTimeout as delay } from 'node:timers/promises'
import { openOutboxRunner, type OutboxRunner, type OutboxRunnerOptions } from './runner.ts'
import type { Log } from '#shared/log.ts'

export interface OutboxOptions extends OutboxRunnerOptions {
  readonly logger: Log
}

/** Delays loading the worker's code, so that the first requests do not wait for it. */
const FIRST_PAUSE_MS = 250
const SHORTEST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

/**
 * Starts the runner in the background, so that the server's start does not wait for it. A runner that fails to open or
 * breaks is replaced after an increasing delay. The returned function lets running tasks finish and resolves when none
 * runs.
 */
export function startOutbox(options: OutboxOptions): () => Promise<void> {
  const stopping = new AbortController()
  let runner: OutboxRunner | undefined
  let pauseMs = SHORTEST_PAUSE_MS

  async function runUntilEnded(): Promise<void> {
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
      await runUntilEnded()
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
