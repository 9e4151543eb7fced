/** The errors of the HTTP edge itself. */
import { AppError } from '#shared/app-error.ts'

export type RequestErrorCode =
  | 'malformed_request'
  | 'forged_form'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'head_too_large'
  | 'unsupported_media_type'
  | 'misdirected_request'
  | 'method_not_implemented'
  | 'server_busy'

const STATUS: Readonly<Record<RequestErrorCode, number>> = {
  malformed_request: 400,
  forged_form: 403,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  misdirected_request: 421,
  head_too_large: 431,
  method_not_implemented: 501,
  server_busy: 503,
}

/** The request cannot be served as sent; the message says what would be right. */
export class RequestError extends AppError {
  override readonly code: RequestErrorCode
  override readonly status: number

  constructor(code: RequestErrorCode, message: string, options: { cause?: unknown; logDetail?: string } = {}) {
    super(message, options)
    this.code = code
    this.status = STATUS[code]
  }
}
