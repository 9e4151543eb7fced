/** Refuses paths and queries that are not percent-encoded UTF-8 text, before anything decodes them in its own way. */
import type { Middleware } from 'koa'
import { RequestError } from './errors.ts'

/** 400 for broken percent-encoding, invalid UTF-8 and NUL. Bytes that must be encoded Node's parser refuses itself. */
export function malformedUrl(): Middleware {
  return (ctx, next) => {
    const target = ctx.req.url ?? '/'
    if (target.includes('%') && !decodes(target)) {
      throw new RequestError(
        'malformed_request',
        'The URL is malformed: its percent-encoding must be valid UTF-8, without NUL.',
      )
    }
    return next()
  }
}

/** Whether text with percent-encoding decodes to UTF-8 without NUL. */
export function decodes(text: string): boolean {
  try {
    return !decodeURIComponent(text).includes('\0')
  } catch {
    return false
  }
}
