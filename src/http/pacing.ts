/** Lets people's requests begin one after another when a crowd arrives at once, so that machines are not kept waiting. */
import type { Middleware } from 'koa'
import { watchEventLoop } from '#shared/event-loop.ts'

const LOOK_MS = 3
const LOOKS = 5

/**
 * Requests for paths that start with one of `paced` begin in the order in which they came: each when the one before is
 * answered, or when the event loop has time to spare while that one waits for something else, or after 15 ms. Hundreds
 * that begin in the same turn of the event loop would keep everybody else waiting for all of them. A single one never
 * waits.
 */
export function pacing(paced: readonly string[]): Middleware {
  const waiting: (() => void)[] = []
  let isTaken = false

  function passOn(): void {
    const next = waiting.shift()
    isTaken = next !== undefined
    next?.()
  }

  return async (ctx, next) => {
    if (!paced.some((start) => ctx.path.startsWith(start))) return next()
    if (isTaken) await new Promise<void>((resolve) => waiting.push(resolve))
    isTaken = true
    const leave = leaveWhenIdle(passOn)
    try {
      return await next()
    } finally {
      leave()
    }
  }
}

/** Calls `passOn` once: when the returned function is called, or before. */
function leaveWhenIdle(passOn: () => void): () => void {
  const isSaturated = watchEventLoop()
  let looks = 0
  const timer = setInterval(() => {
    looks += 1
    if (looks === LOOKS || !isSaturated()) leave()
  }, LOOK_MS)
  let hasLeft = false

  function leave(): void {
    clearInterval(timer)
    if (!hasLeft) passOn()
    hasLeft = true
  }
  return leave
}
