/** The errors of the database room, and which failures of the driver mean "cannot answer". */
import { AppError } from '#shared/app-error.ts'

/** PostgreSQL cannot answer now. Edges answer 503 with `Retry-After`; the client may retry the request. */
export class DatabaseUnavailable extends AppError {
  override readonly code = 'database_unavailable'
  override readonly status = 503

  constructor(cause: unknown) {
    super('The database cannot answer at the moment. Try again in a few seconds.', {
      cause,
      logDetail: describe(cause),
    })
  }
}

/** The server cannot start with its database. The message is one sentence that says what to do. */
export class DatabaseStartError extends AppError {
  override readonly code = 'database_start_failed'
  override readonly status = 503
}

/** Whether the error is a deadlock or serialization failure, after which the whole transaction can be retried. */
export function isRetryable(error: unknown): boolean {
  return ['40P01', '40001'].includes(sqlState(error) ?? '')
}

/**
 * Whether the connection must be closed after this failure: it is lost, in doubt, or leads to a server that became
 * read-only.
 */
export function isConnectionLost(error: unknown): boolean {
  if (!isUnavailable(error)) return false
  const state = sqlState(error)
  // a failover leaves the old primary read-only (25006); the connection survives errors with other states
  return state === undefined || /^(08...|25006|25P0[34]|28...|57P0[1-5]|58...)$/.test(state)
}

/** Returns the error that PostgreSQL raises for a write while it is read-only. */
export function readOnlyServer(): Error {
  return Object.assign(new Error('the server is read-only'), { code: '25006', severity: 'ERROR' })
}

/** Whether waiting for a connection or an answer timed out. */
export function isTimeout(error: unknown): boolean {
  return isServerTimeout(error) || (error instanceof Error && error.message === POOL_BUSY)
}

/** The pool's error message when no connection became free in time. */
const POOL_BUSY = 'timeout exceeded when trying to connect'

/** Whether the server did not answer in time. A busy pool does not count, because it says nothing about the server. */
export function isServerTimeout(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isServerTimeout)
  return (
    error instanceof Error &&
    /Query read timeout|timeout expired|due to connection timeout|ETIMEDOUT/.test(error.message)
  )
}

/** Returns the five characters of SQLSTATE, or undefined when the error is not an answer of PostgreSQL. */
export function sqlState(error: unknown): string | undefined {
  const code = propertyOf(error, 'code')
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && propertyOf(error, 'severity') !== undefined
    ? code
    : undefined
}

/**
 * Connection exceptions, shutdown and start-up, resource limits, timeouts, read-only servers, system errors, conflicts.
 */
const UNAVAILABLE_STATES = /^(08...|25006|25P03|25P04|3D000|28000|28P01|53...|55P03|57014|57P0[1-5]|58...|40P01|40001)$/
const UNAVAILABLE_CODES =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ENOTFOUND|EAI_AGAIN|ENOENT|EMFILE|ENFILE)$/
const UNAVAILABLE_MESSAGES =
  /Connection terminated|Query read timeout|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|not queryable|Cannot use a pool after calling end|server does not support SSL/i

/** Whether the driver's error means that PostgreSQL cannot answer, rather than that the statement was wrong. */
function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable)
  const state = sqlState(error)
  if (state !== undefined) return UNAVAILABLE_STATES.test(state)
  return (
    UNAVAILABLE_CODES.test(propertyOf(error, 'code') ?? '') ||
    (error instanceof Error && UNAVAILABLE_MESSAGES.test(error.message))
  )
}

/**
 * Returns the error for callers of this room: DatabaseUnavailable when PostgreSQL cannot answer, otherwise the driver's
 * own.
 */
export function translate(error: unknown): unknown {
  return isUnavailable(error) ? new DatabaseUnavailable(error) : error
}

/** Returns one line for the log, without the values of a statement. */
export function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ')
  const state = sqlState(error)
  const message = error instanceof Error ? error.message : String(error)
  return state === undefined ? message : `${message} (SQLSTATE ${state})`
}

function propertyOf(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : undefined
}
