/** Reads the access token of a request, from its Authorization header only. */
import { refuse, type RefusalContext } from './refusal.ts'

/** The part of a request that is needed; `node:http`'s IncomingMessage fits. */
export interface RequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Shows a repeated Authorization header; `headers` contains only the first. */
  readonly headersDistinct?: Readonly<Record<string, string[] | undefined>>
}

const MAX_TOKEN_LENGTH = 16_384
/** RFC 6750 §2.1: b64token. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Returns the token of `Authorization: Bearer`. Throws AccessTokenRefused: 401 without an error code when no token was
 * sent (another scheme counts as none), 400 `invalid_request` for a malformed or repeated header, 401 `invalid_token`
 * for a token that is too long.
 */
export function bearerToken(request: RequestLike | string | undefined, context: RefusalContext): string {
  const header = authorizationHeader(request, context)
  if (header === undefined) return refuse(context, { status: 401 })
  const [scheme = '', ...rest] = header.trim().split(/[ \t]+/)
  // RFC 9110 §11.1: the scheme is case-insensitive.
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
