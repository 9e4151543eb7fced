/** Gives each request an id, which the answer, the log, the audit event and error pages contain. */
import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'
import { requestState } from './request-state.ts'

const WELL_FORMED = /^[A-Za-z0-9._-]{8,64}$/

/**
 * Keeps a well-formed `X-Request-Id` of the caller, so that its logs can be joined with ours; otherwise creates one.
 */
export function requestId(): Middleware {
  return (ctx, next) => {
    const given = ctx.get('x-request-id')
    const id = WELL_FORMED.test(given) ? given : randomUUID()
    requestState(ctx).requestId = id
    ctx.set('X-Request-Id', id)
    return next()
  }
}
