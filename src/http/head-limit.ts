/** Refuses a request head over 16 KiB with 431, as a page where a browser asks. Node reads a little more than that. */
import type { IncomingMessage, ServerOptions } from 'node:http'
import type { Middleware } from 'koa'
import { RequestError } from './errors.ts'

export const MAX_HEAD_BYTES = 16_384
export const HEAD_TOO_LARGE = `The request head is too large: at most ${MAX_HEAD_BYTES} bytes.`
/** For the server. Beyond, nothing of the head is known, and the answer is the same for all callers. */
export const HEAD_OPTIONS: ServerOptions = { maxHeaderSize: 2 * MAX_HEAD_BYTES }

export function headLimit(): Middleware {
  return (ctx, next) => {
    if (headBytes(ctx.req) > MAX_HEAD_BYTES) throw new RequestError('head_too_large', HEAD_TOO_LARGE)
    return next()
  }
}

/** Returns the size of the head as it was sent, about: optional blanks are not counted. */
export function headBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  let bytes = `${method} ${url} HTTP/1.1\r\n\r\n`.length
  // Node gives each byte as one character
  for (const part of rawHeaders) bytes += part.length + 2
  return bytes
}
