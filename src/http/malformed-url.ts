/** Refuses paths and queries that are not percent-encoded UTF-8, before different parsers decode them differently. */
import type { Middleware } from 'koa'
import { RequestError } from './errors.ts'

/** Answers 400 for invalid percent-encoding, invalid UTF-8 and NUL. Node's parser refuses unencoded bytes itself. */
export function malformedUrl(): Middleware {
  return (ctx, next) => {
    const target = ctx.req.url ?? '/'
    if (target.includes('%') && !isDecodable(target)) {
      throw new RequestError(
        'malformed_request',
        'The URL is malformed: its percent-encoding must be valid UTF-8, without NUL.',
      )
    }
    return next()
  }
}

/** Whether percent-encoded text decodes to UTF-8 without NUL. */
export function isDecodable(text: string): boolean {
  try {
    return !decodeURIComponent(text).includes('\0')
  } catch {
    return false
  }
}
