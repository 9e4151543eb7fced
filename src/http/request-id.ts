/** Gives each request an id, which the answer, the log, the audit event and error pages contain. */
import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'
import { requestState } from './request-state.ts'

const WELL_FORMED = /^[A-Za-z0-9._-]{8,64}$/

/**
 * Creates the id, so that no caller can give two requests the same one. A well-formed `X-Request-Id` of the caller is kept
 * beside it, so that its logs can be joined with ours.
 */
export function requestId(): Middleware {
  return (ctx, next) => {
    const given = ctx.get('x-request-id')
    const id = randomUUID()
    const state = requestState(ctx)
    state.requestId = id
    if (WELL_FORMED.test(given)) state.callerRequestId = given
    ctx.set('X-Request-Id', id)
    return next()
  }
}
