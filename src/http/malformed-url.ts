/** Refuses paths and queries that are not percent-encoded UTF-8 text, before anything decodes them in its own way. */
import type { Middleware } from 'koa'
import { RequestError } from './errors.ts'

/** RFC 3986 §2: what else than visible ASCII a URL may hold is percent-encoded. */
const VISIBLE_ASCII = /^[\u0021-\u007e]*$/

/** 400 for broken percent-encoding, invalid UTF-8, NUL, and bytes that must be encoded. */
export function malformedUrl(): Middleware {
  return (ctx, next) => {
    const target = ctx.req.url ?? '/'
    if (!VISIBLE_ASCII.test(target) || (target.includes('%') && !decodes(target))) {
      throw new RequestError(
        'malformed_request',
        'The URL is malformed: other characters than visible ASCII must be percent-encoded UTF-8, without NUL.',
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
