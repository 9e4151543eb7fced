/** The outermost catch: whatever went wrong becomes one answer, as JSON, as a problem or as a page, and one log line. */
import type { Context, Middleware } from 'koa'
import type { Logger } from '#observability/logger.ts'
import { createFailureLog, failureOf, failureOfStatus, setFailureHeaders, type Failure } from './failure.ts'
import { isEmpty, sendProblem } from './problem.ts'

/** Renders a failure as HTML. The status is set already; it sets the body. */
export type ErrorPage = (ctx: Context, failure: Failure) => Promise<void> | void

export interface ErrorHandlerDeps {
  readonly logger: Logger
  readonly issuer: string
  /** For callers that ask for HTML; without it they get JSON. */
  readonly errorPage?: ErrorPage
  /** Paths whose errors are problem+json, such as `/admin/`. */
  readonly problemPaths?: readonly string[]
}

/** Answers also where nobody did: a bare 404 or 405 gets its sentence. No stack ever leaves. */
export function errorHandler(deps: ErrorHandlerDeps): Middleware {
  const log = createFailureLog(deps.logger)
  return async (ctx, next) => {
    // A later middleware may take the issuer's own path off.
    const { path } = ctx
    try {
      await next()
      if (ctx.status >= 400 && isEmpty(ctx)) await answer(deps, ctx, path, failureOfStatus(ctx, ctx.status))
    } catch (error) {
      if (ctx.req.destroyed && !ctx.req.complete) return abandon(ctx)
      const failure = failureOf(ctx, error)
      log(failure, error)
      if (ctx.res.headersSent) {
        ctx.res.destroy()
        return
      }
      await answer(deps, ctx, path, failure)
    }
  }
}

/** The caller left in the middle of its body: nobody is there to read an answer, and nothing is wrong with us. */
function abandon(ctx: Context): void {
  ctx.respond = false
  ctx.res.destroy()
}

async function answer(deps: ErrorHandlerDeps, ctx: Context, path: string, failure: Failure): Promise<void> {
  if (deps.problemPaths?.some((prefix) => path.startsWith(prefix))) return sendProblem(ctx, failure, deps.issuer)
  setFailureHeaders(ctx, failure)
  ctx.status = failure.status
  if (deps.errorPage && ctx.accepts(['json', 'html']) === 'html') {
    try {
      await deps.errorPage(ctx, failure)
      return
    } catch (error) {
      deps.logger.error({ request_id: failure.requestId, err: error }, 'the error page could not be rendered')
    }
  }
  ctx.status = failure.status
  ctx.body = JSON.stringify({ error: failure.error, error_description: failure.description })
  ctx.type = 'application/json'
}
