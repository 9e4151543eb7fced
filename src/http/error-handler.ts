/** The outermost error handler: turns every error into one answer (JSON, problem+json or a page) and one log line. */
import { once } from 'node:events'
import type { Context, Middleware } from 'koa'
import type { Logger } from '#observability/logger.ts'
import { createFailureLog, failureOf, failureOfStatus, setFailureHeaders, type Failure } from './failure.ts'
import { isEmpty, sendProblem } from './problem.ts'

/** Renders a failure as HTML and sets the body. The status is already set. */
export type ErrorPage = (ctx: Context, failure: Failure) => Promise<void> | void

export interface ErrorHandlerDeps {
  readonly logger: Logger
  readonly issuer: string
  /** Used for callers that accept HTML; without it they get JSON. */
  readonly errorPage?: ErrorPage
  /** Prefixes of paths whose errors are problem+json, such as `/admin/`. */
  readonly problemPaths?: readonly string[]
  /** Paths that programs call: their errors, and those of paths below them, are JSON whatever `Accept` says. */
  readonly jsonPaths?: readonly string[]
}

/** Also gives an empty 404 or 405 its description. Never sends a stack trace. */
export function errorHandler(deps: ErrorHandlerDeps): Middleware {
  const log = createFailureLog(deps.logger)
  return async (ctx, next) => {
    // A later middleware may strip the issuer's path.
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

/** Bodies that are read to their end after all. */
const MAX_DISCARDED = 4 * 1024 * 1024

/** Reads the rest of a refused body: a browser shows a reset connection otherwise, instead of the page. */
async function discard({ req, request }: Context): Promise<void> {
  if (req.complete || (request.length ?? Infinity) > MAX_DISCARDED) return
  req.resume()
  // the caller may also leave
  await Promise.race([once(req, 'end'), once(req, 'close')]).catch(() => undefined)
}

/** The client disconnected while sending its body: no answer is possible, and it is not an error of ours. */
function abandon(ctx: Context): void {
  ctx.respond = false
  ctx.res.destroy()
}

async function answer(deps: ErrorHandlerDeps, ctx: Context, path: string, failure: Failure): Promise<void> {
  if (deps.problemPaths?.some((prefix) => path.startsWith(prefix))) return sendProblem(ctx, failure, deps.issuer)
  setFailureHeaders(ctx, failure)
  ctx.status = failure.status
  if (deps.errorPage && !isJsonPath(deps, path) && ctx.accepts(['json', 'html']) === 'html') {
    try {
      if (failure.status === 413) await discard(ctx)
      await deps.errorPage(ctx, failure)
      return
    } catch (error) {
      deps.logger.error({ request_id: failure.requestId, err: error }, 'the error page could not be rendered')
    }
  }
  ctx.status = failure.status
  ctx.body = { error: failure.error, error_description: failure.description }
  ctx.type = 'application/json'
}

function isJsonPath({ jsonPaths = [] }: ErrorHandlerDeps, path: string): boolean {
  return jsonPaths.some((json) => path === json || path.startsWith(`${json}/`))
}
