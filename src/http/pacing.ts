/** Starts interactive requests one after another under load, so that machine clients do not wait for a whole crowd. */
import type { Middleware } from 'koa'
import { watchEventLoop } from '#shared/event-loop.ts'

const CHECK_MS = 3
const MAX_CHECKS = 5

/**
 * Requests for paths that start with one of `paced` start in order of arrival: each when the previous one is answered,
 * when the event loop is idle while that one waits, or after 15 ms. Hundreds that start in the same turn of the event
 * loop would delay every other request. A single request never waits.
 */
export function pacing(paced: readonly string[]): Middleware {
  const waiting: (() => void)[] = []
  let isBusy = false

  function startNext(): void {
    const next = waiting.shift()
    isBusy = next !== undefined
    next?.()
  }

  return async (ctx, next) => {
    if (!paced.some((start) => ctx.path.startsWith(start))) return next()
    if (isBusy) await new Promise<void>((resolve) => waiting.push(resolve))
    isBusy = true
    const release = releaseWhenIdle(startNext)
    try {
      return await next()
    } finally {
      release()
    }
  }
}

/** Calls `startNext` once: when the returned function is called, or earlier. */
function releaseWhenIdle(startNext: () => void): () => void {
  const isSaturated = watchEventLoop()
  let checks = 0
  const timer = setInterval(() => {
    checks += 1
    if (checks === MAX_CHECKS || !isSaturated()) release()
  }, CHECK_MS)
  let isReleased = false

  function release(): void {
    clearInterval(timer)
    if (!isReleased) startNext()
    isReleased = true
  }
  return release
}
