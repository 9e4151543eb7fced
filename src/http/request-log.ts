/** Writes one log line and one metric for each request: route template, status and duration. */
import type { Context, Middleware } from 'koa'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import { requestState } from './request-state.ts'
import { OTHER_ROUTE } from './route-template.ts'

const MAX_CLIENT_ID = 200

export interface RequestLogDeps {
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'observeRequest'>
  /** Returns the template of a path, used when no room set `ctx.state.route`. */
  readonly routeOf: (path: string) => string
}

/**
 * Logs when the answer is sent or the client has disconnected. Never logs a path, query, header, cookie or body,
 * because they contain codes, tokens and personal data.
 */
export function requestLog({ logger, metrics, routeOf }: RequestLogDeps): Middleware {
  return (ctx, next) => {
    const start = performance.now()
    const path = ctx.path
    ctx.res.once('close', () => {
      const seconds = (performance.now() - start) / 1000
      const route = routeTemplate(ctx, path, routeOf)
      const status = ctx.res.writableFinished ? ctx.res.statusCode : ('aborted' as const)
      metrics.observeRequest({ method: ctx.method, route, status, seconds })
      const { requestId, callerRequestId, clientId } = requestState(ctx)
      const line: Record<string, unknown> = {
        request_id: requestId,
        method: ctx.method,
        route,
        status,
        duration_ms: Math.round(seconds * 10_000) / 10,
      }
      if (callerRequestId !== undefined) line['caller_request_id'] = callerRequestId
      if (clientId !== undefined) line['client_id'] = clientId.slice(0, MAX_CLIENT_ID)
      if (typeof status === 'number' && status >= 500) logger.warn(line, 'request')
      else logger.info(line, 'request')
    })
    return next()
  }
}

function routeTemplate(ctx: Context, path: string, routeOf: (path: string) => string): string {
  const named = requestState(ctx).route
  if (named !== undefined) return named
  const known = routeOf(path)
  if (known !== OTHER_ROUTE) return known
  // @koa/router stores the template of the matched route here.
  const matched: unknown = (ctx as unknown as { _matchedRoute?: unknown })._matchedRoute
  return typeof matched === 'string' ? matched : known
}
