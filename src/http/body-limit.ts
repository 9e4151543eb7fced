/** Refuses bodies over 56 KiB with 413, before anything reads them; the engine would answer 400. */
import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'
import { bodyTooLarge, MAX_BODY_BYTES } from './body.ts'

/**
 * Checks `Content-Length` at once (RFC 9126 §2.3). Counts a chunked body while it is read; if it was too large,
 * replaces the answer. Throws RequestError 413.
 */
export function bodyLimit(): Middleware {
  return async (ctx, next) => {
    const contentLength = ctx.request.length
    if (contentLength !== undefined && contentLength > MAX_BODY_BYTES) throw bodyTooLarge()
    const chunked = ctx.req.headers['transfer-encoding'] !== undefined
    const count = chunked ? countBytes(ctx.req) : undefined
    await next()
    if (count && count.bytes > MAX_BODY_BYTES) throw bodyTooLarge()
  }
}

/** Counts the bytes that are read, without consuming them. */
function countBytes(req: IncomingMessage): { bytes: number } {
  const count = { bytes: 0 }
  const emit = req.emit.bind(req)
  req.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event === 'data' && values[0] instanceof Uint8Array) count.bytes += values[0].length
    return emit(event, ...values)
  }
  return count
}
