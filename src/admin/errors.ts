/**
 * Errors of the admin API itself, for callers without access and unreadable requests. Errors of other rooms pass
 * through.
 */
import { AppError, type Fault } from '#shared/app-error.ts'

export type AdminErrorCode =
  | 'access_denied'
  | 'insufficient_scope'
  | 'invalid_request'
  | 'invalid_token'
  | 'method_not_allowed'
  | 'not_found'
  | 'token_required'

const STATUS = {
  access_denied: 403,
  insufficient_scope: 403,
  invalid_request: 400,
  invalid_token: 401,
  method_not_allowed: 405,
  not_found: 404,
  token_required: 401,
} as const satisfies Record<AdminErrorCode, number>

export class AdminError extends AppError {
  override readonly code: AdminErrorCode
  override readonly status: number
  /** Response headers of the error (`WWW-Authenticate`, `Allow`). */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: AdminErrorCode,
    message: string,
    options: {
      headers?: Record<string, string>
      faults?: readonly Fault[]
      logDetail?: string
      cause?: unknown
    } = {},
  ) {
    super(message, options)
    this.code = code
    this.status = STATUS[code]
    this.headers = options.headers ?? {}
  }
}

/** Returns a 403 that names the missing scope (RFC 6750 §3.1). */
export function insufficientScope(scope: string, message: string): AdminError {
  const headers = { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` }
  return new AdminError('insufficient_scope', message, { headers })
}

/** Returns a 400 that lists every faulty member. */
export function inputInvalid(faults: readonly Fault[]): AdminError {
  const fields = [...new Set(faults.map((fault) => fault.field))].join(', ')
  return new AdminError('invalid_request', `The request has faults in: ${fields}.`, { faults })
}
