/** Starts interactive requests one after another under load, so that machine clients do not wait for a whole crowd. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Middleware } from 'koa'
import { watchEventLoop } from '#shared/event-loop.ts'
import { MAX_BODY_BYTES } from './body.ts'
import { RequestError } from './errors.ts'

const CHECK_MS = 3
const MAX_CHECKS = 5
/** The longest queue: at most fifteen seconds. People do not wait longer for a page. */
export const MAX_WAITING = 1000

/**
 * Requests for paths that start with one of `paced`, and are none of `except`, start in order of arrival: each when the previous one is answered,
 * when the event loop is idle while that one waits, or after 15 ms. Hundreds that start in the same turn of the event
 * loop would delay every other request. A single request never waits.
 *
 * A request joins the queue when its body has arrived, so that slow senders hold up nobody, and leaves it when its client
 * disconnects. Throws RequestError 503 while the queue is full.
 */
export function pacing(paced: readonly string[], except: readonly string[] = []): Middleware {
  const lane = createLane()
  return async (ctx, next) => {
    if (except.includes(ctx.path) || !paced.some((start) => ctx.path.startsWith(start))) return next()
    await bodyArrived(ctx.req)
    if (ctx.req.socket.destroyed || !(await lane.enter(ctx.res))) return undefined
    const release = releaseWhenIdle(lane.startNext)
    try {
      return await next()
    } finally {
      release()
    }
  }
}

/** Creates the queue: one request at a time is in the lane. */
function createLane() {
  const waiting = new Set<(isTurn: boolean) => void>()
  let isBusy = false

  return {
    /** Resolves with true when it is the request's turn, and with false if its client disconnected before that. */
    async enter(response: ServerResponse): Promise<boolean> {
      if (!isBusy) return (isBusy = true)
      if (waiting.size >= MAX_WAITING) {
        throw new RequestError('server_busy', 'Many people use this service at the moment; try again in a few seconds.')
      }
      const { promise, resolve } = Promise.withResolvers<boolean>()
      function leave() {
        waiting.delete(resolve)
        resolve(false)
      }
      waiting.add(resolve)
      response.once('close', leave)
      const isTurn = await promise
      response.off('close', leave)
      return isTurn
    },

    startNext(): void {
      const [next] = waiting
      isBusy = next !== undefined
      if (!next) return
      waiting.delete(next)
      next(true)
    },
  }
}

/**
 * Resolves when the body is complete or larger than any handler accepts, without reading it, or when the client
 * disconnects. Node keeps what has arrived, up to a little more than the largest body.
 */
async function bodyArrived(req: IncomingMessage): Promise<void> {
  const length = Number(req.headers['content-length'] ?? 0)
  const hasBody = length > 0 || req.headers['transfer-encoding'] !== undefined
  const hasArrived = () => req.complete || req.readableLength > MAX_BODY_BYTES
  if (!hasBody || length > MAX_BODY_BYTES || hasArrived()) return
  const { promise, resolve } = Promise.withResolvers<void>()
  function check() {
    if (hasArrived()) resolve()
  }
  req.on('readable', check)
  req.once('close', resolve)
  await promise
  req.off('readable', check)
  req.off('close', resolve)
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
