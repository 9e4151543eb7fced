/** What went wrong, as an edge may tell it: the one translation of errors, used by pages, JSON and problem+json. */
import type { Context } from 'koa'
import type { Logger } from '#observability/logger.ts'
import { AppError, type Fault } from '#shared/app-error.ts'
import { RequestError } from './errors.ts'
import { requestState } from './request-state.ts'

const RETRY_AFTER_SECONDS = 2
const LOG_INTERVAL_MS = 1000

export interface Failure {
  readonly status: number
  /** The word for programs: a domain code, or OAuth's `invalid_request`, `server_error`, `temporarily_unavailable`. */
  readonly error: string
  /** The code of the domain error, or `error` where there is none. */
  readonly code: string
  /** A sentence for the caller: what was wrong and what would be right. */
  readonly description: string
  readonly faults: readonly Fault[]
  readonly requestId: string
}

const SENTENCES: Readonly<Record<number, string>> = {
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

/** The failure that an answer without a body stands for, such as a 404 of the router. */
export function failureOfStatus(ctx: Context, status: number): Failure {
  const error = status === 404 ? 'not_found' : status >= 500 ? 'server_error' : 'invalid_request'
  const description = SENTENCES[status] ?? (status >= 500 ? BUG : 'The request was refused.')
  return { status, error, code: error, description, faults: [], requestId: requestIdOf(ctx) }
}

/** Never tells of an unknown error more than the request id. */
export function failureOf(ctx: Context, error: unknown): Failure {
  const requestId = requestIdOf(ctx)
  if (error instanceof AppError) {
    const word = wordOf(error)
    return {
      status: error.status,
      error: word,
      code: error.code,
      description: error.status >= 500 && error.status !== 503 && error.status !== 501 ? BUG : error.message,
      faults: error.faults,
      requestId,
    }
  }
  const status = exposedStatus(error)
  if (status === 503) return unavailable(requestId)
  if (status !== undefined) return { ...failureOfStatus(ctx, status), ...protocolWords(error) }
  return { status: 500, error: 'server_error', code: 'server_error', description: BUG, faults: [], requestId }
}

/** Headers that go with a failure: when to try again, and that nobody may keep the answer. */
export function setFailureHeaders(ctx: Context, failure: Failure): void {
  for (const name of ['Content-Encoding', 'Content-Length', 'Content-Type', 'ETag', 'Last-Modified', 'Location']) {
    ctx.remove(name)
  }
  ctx.set('Cache-Control', 'no-store')
  if (failure.status === 503) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS))
  // What is left of a refused body would otherwise be read to its end before the next request.
  if (hasUnreadBody(ctx)) ctx.set('Connection', 'close')
}

function hasUnreadBody({ req }: Context): boolean {
  const announced = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
  return announced && !req.complete
}

/** Logs bugs once with their stack, an unreachable database once a second at most, and what a refusal hides. */
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

/** RFC 6749 §4.1.2.1, §5.2 have these words; a refused form keeps its own. */
function wordOf(error: AppError): string {
  if (error.status === 503) return 'temporarily_unavailable'
  if (error.status >= 500) return 'server_error'
  if (error instanceof RequestError && !['forged_form', 'not_found'].includes(error.code)) return 'invalid_request'
  return error.code
}

function unavailable(requestId: string): Failure {
  const error = 'temporarily_unavailable'
  return { status: 503, error, code: error, description: UNAVAILABLE, faults: [], requestId }
}

/** The status of an error that says itself that the caller may know of it (http-errors, the engine's errors). */
function exposedStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { expose, status, statusCode } = error as { expose?: unknown; status?: unknown; statusCode?: unknown }
  const given = typeof status === 'number' ? status : statusCode
  if (typeof given !== 'number' || !Number.isInteger(given)) return undefined
  return given === 503 || (expose === true && given >= 400 && given < 500) ? given : undefined
}

/** The engine's errors carry `error` and `error_description` for the caller. */
function protocolWords(error: unknown): { error?: string; code?: string; description?: string } {
  const { error: word, error_description: description } = error as { error?: unknown; error_description?: unknown }
  return {
    ...(typeof word === 'string' ? { error: word, code: word } : {}),
    ...(typeof description === 'string' ? { description } : {}),
  }
}
