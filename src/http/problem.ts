/** Sends the errors of an API as `application/problem+json` (RFC 9457). */
import type { Context, Middleware } from 'koa'
import type { Logger } from '#observability/logger.ts'
import { isSecretName, redact, REDACTED } from '#observability/redaction.ts'
import type { Fault } from '#shared/app-error.ts'
import { createFailureLog, failureOf, failureOfStatus, setFailureHeaders, type Failure } from './failure.ts'

const MAX_GIVEN = 200

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request has faults',
  401: 'Authentication is required',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'It exists already',
  412: 'It was changed meanwhile',
  413: 'Too large',
  415: 'Wrong type of body',
  421: 'Wrong host',
  429: 'Too many requests',
  500: 'Server error',
  503: 'Temporarily unavailable',
}

export interface ProblemDeps {
  readonly logger: Logger
  /** The issuer; the URLs of problem types start with it. */
  readonly issuer: string
}

/** Translates errors of the routes after it, and error statuses without a body, into problems. */
export function problemErrors({ logger, issuer }: ProblemDeps): Middleware {
  const log = createFailureLog(logger)
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status >= 400 && isEmpty(ctx)) sendProblem(ctx, failureOfStatus(ctx, ctx.status), issuer)
    } catch (error) {
      const failure = failureOf(ctx, error)
      log(failure, error)
      sendProblem(ctx, failure, issuer)
    }
  }
}

/** Sends a problem with the members of RFC 9457 §3.1 and `code`, `request_id`, `errors: [{field, given, expected}]`. */
export function sendProblem(ctx: Context, failure: Failure, issuer: string): void {
  setFailureHeaders(ctx, failure)
  ctx.status = failure.status
  ctx.body = JSON.stringify({
    type: `${issuer}/docs/errors/${failure.code}`,
    title: TITLES[failure.status] ?? 'The request was refused',
    status: failure.status,
    detail: failure.description,
    code: failure.code,
    request_id: failure.requestId,
    ...(failure.faults.length === 0 ? {} : { errors: failure.faults.map(shownFault) }),
  })
  ctx.type = 'application/problem+json'
}

/** Whether the response is still empty. */
export function isEmpty(ctx: Context): boolean {
  return (ctx.body === undefined || ctx.body === null) && ctx.respond !== false && !ctx.res.headersSent
}

/** Redacts secrets that a caller sent in the wrong field, and limits the length. */
function shownFault({ field, given, expected }: Fault): Fault {
  const name = field.split(/[.[\]]/).findLast((part) => part !== '' && !/^\d+$/.test(part)) ?? field
  if (isSecretName(name)) return { field, given: given === undefined ? null : REDACTED, expected }
  return { field, given: shownValue(given), expected }
}

function shownValue(given: unknown): unknown {
  if (given === undefined) return null
  if (typeof given === 'string') return given.length > MAX_GIVEN ? `${given.slice(0, MAX_GIVEN)}…` : given
  if (typeof given !== 'object' || given === null) return given
  const { value } = redact({ value: given })
  const text = JSON.stringify(value)
  return text.length > MAX_GIVEN ? `${text.slice(0, MAX_GIVEN)}…` : value
}
