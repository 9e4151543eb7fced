/** Translates errors into what a caller may see: the one translation for pages, JSON and problem+json. */
import type { Context } from 'koa'
import type { Logger } from '#observability/logger.ts'
import { AppError, type Fault } from '#shared/app-error.ts'
import { RequestError } from './errors.ts'
import { requestState } from './request-state.ts'

const RETRY_AFTER_SECONDS = 2
const LOG_INTERVAL_MS = 1000

export interface Failure {
  readonly status: number
  /**
   * The error code for programs: a domain code, or OAuth's `invalid_request`, `server_error`,
   * `temporarily_unavailable`.
   */
  readonly error: string
  /** The code of the domain error, otherwise the same as `error`. */
  readonly code: string
  /** A sentence for the caller: what was wrong and what would be right. */
  readonly description: string
  readonly faults: readonly Fault[]
  readonly requestId: string
  /** Sent as `Retry-After`. */
  readonly retryAfterSeconds?: number
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  401: 'Authentication is required.',
  403: 'This is not allowed.',
  404: 'There is nothing at this address.',
  405: 'This address does not take that method.',
  406: 'The answer cannot be given in a form that was asked for.',
  413: 'The request body is too large.',
  415: 'The request body is of a type that is not understood here.',
}
const UNAVAILABLE = 'The server cannot answer at the moment. Try again in a few seconds.'
const BUG = 'Something went wrong on the server. Tell its operator the request id.'

/** Returns the failure for an answer without a body, such as a 404 of the router. */
export function failureOfStatus(ctx: Context, status: number): Failure {
  const error = status === 404 ? 'not_found' : status >= 500 ? 'server_error' : 'invalid_request'
  const description = DESCRIPTIONS[status] ?? (status >= 500 ? BUG : 'The request was refused.')
  return { status, error, code: error, description, faults: [], requestId: requestIdOf(ctx) }
}

/** Translates an error. An unknown error reveals nothing but the request id. */
export function failureOf(ctx: Context, error: unknown): Failure {
  const requestId = requestIdOf(ctx)
  if (error instanceof AppError) {
    const protocolCode = protocolError(error)
    return {
      status: error.status,
      error: protocolCode,
      code: error.code,
      description: error.status >= 500 && error.status !== 503 && error.status !== 501 ? BUG : error.message,
      faults: error.faults,
      requestId,
      ...('retryAfterSeconds' in error ? { retryAfterSeconds: Number(error.retryAfterSeconds) } : {}),
    }
  }
  const status = exposedStatus(error)
  if (status === 503) return unavailable(requestId)
  if (status !== undefined) return { ...failureOfStatus(ctx, status), ...engineErrorMembers(error) }
  return { status: 500, error: 'server_error', code: 'server_error', description: BUG, faults: [], requestId }
}

/** Sets the headers of a failure: no caching, and when to retry. Removes those of the intended answer. */
export function setFailureHeaders(ctx: Context, failure: Failure): void {
  for (const name of ['Content-Encoding', 'Content-Length', 'Content-Type', 'ETag', 'Last-Modified', 'Location']) {
    ctx.remove(name)
  }
  ctx.set('Cache-Control', 'no-store')
  const retryAfter = failure.retryAfterSeconds ?? (failure.status === 503 ? RETRY_AFTER_SECONDS : undefined)
  if (retryAfter !== undefined) ctx.set('Retry-After', String(retryAfter))
  // Node would otherwise read the rest of a refused body before the next request.
  if (hasUnreadBody(ctx)) ctx.set('Connection', 'close')
}

function hasUnreadBody({ req }: Context): boolean {
  const announced = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
  return announced && !req.complete
}

/** Logs bugs with their stack, an unavailable database at most once a second, and the hidden detail of a refusal. */
export function createFailureLog(logger: Logger): (failure: Failure, error: unknown) => void {
  let lastUnavailable = 0
  return (failure, error) => {
    const line = { request_id: failure.requestId, code: failure.code, err: error }
    if (failure.status === 503) {
      if (Date.now() - lastUnavailable < LOG_INTERVAL_MS) return
      lastUnavailable = Date.now()
      logger.warn(line, 'the server could not answer')
    } else if (failure.status >= 500 && failure.status !== 501) {
      logger.error(line, 'a request failed')
    } else if (error instanceof AppError && error.logDetail !== undefined) {
      logger.info(
        { request_id: failure.requestId, code: failure.code, detail: error.logDetail },
        'a request was refused',
      )
    }
  }
}

function requestIdOf(ctx: Context): string {
  return requestState(ctx).requestId ?? ''
}

/** Maps to the error codes of RFC 6749 §4.1.2.1 and §5.2; a forged form keeps its own. */
function protocolError(error: AppError): string {
  if (error.status === 503) return 'temporarily_unavailable'
  if (error.status >= 500) return 'server_error'
  if (error instanceof RequestError && !['forged_form', 'not_found'].includes(error.code)) return 'invalid_request'
  return error.code
}

function unavailable(requestId: string): Failure {
  const error = 'temporarily_unavailable'
  return { status: 503, error, code: error, description: UNAVAILABLE, faults: [], requestId }
}

/** Returns the status of an error that declares itself safe to expose (http-errors, the engine's errors). */
function exposedStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { expose, status, statusCode } = error as { expose?: unknown; status?: unknown; statusCode?: unknown }
  const given = typeof status === 'number' ? status : statusCode
  if (typeof given !== 'number' || !Number.isInteger(given)) return undefined
  return given === 503 || (expose === true && given >= 400 && given < 500) ? given : undefined
}

/** Returns the `error` and `error_description` of the engine's errors, which are safe to show to the caller. */
function engineErrorMembers(error: unknown): { error?: string; code?: string; description?: string } {
  const { error: protocolCode, error_description: description } = error as {
    error?: unknown
    error_description?: unknown
  }
  return {
    ...(typeof protocolCode === 'string' ? { error: protocolCode, code: protocolCode } : {}),
    ...(typeof description === 'string' ? { description } : {}),
  }
}
