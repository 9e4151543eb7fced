/** Reads the access token out of a request, from its Authorization header and from nowhere else. */
import { refuse, type RefusalContext } from './refusal.ts'

/** What is needed of a request; `node:http`'s IncomingMessage fits. */
export interface RequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Tells two Authorization headers from one; `headers` keeps the first alone. */
  readonly headersDistinct?: Readonly<Record<string, string[] | undefined>>
}

const MAX_TOKEN_LENGTH = 16_384
/** RFC 6750 §2.1: b64token. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * The token of `Authorization: Bearer`. Throws the bare challenge when none was sent (another scheme counts as
 * none), and `invalid_request` when the header is malformed or there are two.
 */
export function bearerToken(request: RequestLike | string | undefined, context: RefusalContext): string {
  const header = authorizationHeader(request, context)
  if (header === undefined) return refuse(context, { status: 401 })
  const [scheme = '', ...rest] = header.trim().split(/[ \t]+/)
  // RFC 9110 §11.1: the scheme is compared without case.
  if (scheme.toLowerCase() !== 'bearer') return refuse(context, { status: 401 })
  const [token, ...more] = rest
  if (token === undefined || more.length > 0 || !B64TOKEN.test(token)) {
    return refuse(context, {
      status: 400,
      error: 'invalid_request',
      description: 'The Authorization header must be the word Bearer, one space and the access token.',
    })
  }
  if (token.length > MAX_TOKEN_LENGTH) {
    return refuse(context, { status: 401, error: 'invalid_token', description: 'The access token is too long.' })
  }
  return token
}

function authorizationHeader(request: RequestLike | string | undefined, context: RefusalContext): string | undefined {
  if (request === undefined || typeof request === 'string') return request
  const value = request.headersDistinct?.['authorization'] ?? request.headers['authorization']
  const values = value === undefined ? [] : [value].flat()
  if (values.length > 1) {
    return refuse(context, {
      status: 400,
      error: 'invalid_request',
      description: 'The request has more than one Authorization header.',
    })
  }
  return values[0]
}
