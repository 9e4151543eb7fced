/** Refuses bodies over 56 KiB in front of whatever reads them, the engine included, with 413 instead of its 400. */
import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'
import { bodyTooLarge, MAX_BODY_BYTES } from './body.ts'

/**
 * An announced size is refused at once (RFC 9126 §2.3); a chunked body is counted while it is read, and when it was
 * too large the answer that its reader gave is replaced.
 */
export function bodyLimit(): Middleware {
  return async (ctx, next) => {
    const announced = ctx.request.length
    if (announced !== undefined && announced > MAX_BODY_BYTES) throw bodyTooLarge()
    const chunked = ctx.req.headers['transfer-encoding'] !== undefined
    const count = chunked ? countBytes(ctx.req) : undefined
    await next()
    if (count && count.bytes > MAX_BODY_BYTES) throw bodyTooLarge()
  }
}

/** Counts what passes without reading: the body stays for its reader. */
function countBytes(req: IncomingMessage): { bytes: number } {
  const count = { bytes: 0 }
  const emit = req.emit.bind(req)
  req.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event === 'data' && values[0] instanceof Uint8Array) count.bytes += values[0].length
    return emit(event, ...values)
  }
  return count
}
