/** Reads the access token of a request, from its Authorization header only. */
import { invalidToken, refuse, type RefusalContext, type Scheme } from './refusal.ts'

/** The part of a request that is needed; `node:http`'s IncomingMessage and Express's Request fit. */
export interface RequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Shows a repeated header; `headers` contains only the first. */
  readonly headersDistinct?: Readonly<Record<string, string[] | undefined>> | undefined
  /** The method and the target of the request line, which a DPoP proof names. */
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** The target before a router shortened `url`; used instead of `url` if present. */
  readonly originalUrl?: string | undefined
  /** The connection, which knows the TLS certificate of the client. */
  readonly socket?: object | undefined
}

export interface Credentials {
  readonly scheme: Scheme
  readonly token: string
}

const MAX_TOKEN_LENGTH = 16_384
/** RFC 6750 §2.1: b64token; RFC 9449 §7.1: token68, which is the same. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Returns the token of `Authorization: Bearer`, or of `Authorization: DPoP` where the API accepts that. Throws
 * AccessTokenRefused: 401 without an error code when no token was sent (another scheme counts as none), 400
 * `invalid_request` for a malformed or repeated header, 401 `invalid_token` for a token that is too long.
 */
export function credentialsOf(request: RequestLike, context: RefusalContext): Credentials {
  const header = authorizationHeader(request, context)
  if (header === undefined) return refuse(context, { status: 401 })
  const [name = '', ...rest] = header.trim().split(/[ \t]+/)
  const scheme = schemeNamed(name)
  if (scheme === undefined || (scheme === 'DPoP' && context.dpop === undefined)) return refuse(context, { status: 401 })
  const used = { ...context, scheme }
  const [token, ...more] = rest
  if (token === undefined || more.length > 0 || !B64TOKEN.test(token)) {
    return refuse(used, {
      status: 400,
      error: 'invalid_request',
      description: `The Authorization header must be the word ${scheme}, one space and the access token.`,
    })
  }
  if (token.length > MAX_TOKEN_LENGTH) return invalidToken(used, 'The access token is too long.')
  return { scheme, token }
}

/** RFC 9110 §11.1: the scheme is case-insensitive. */
function schemeNamed(name: string): Scheme | undefined {
  return (['Bearer', 'DPoP'] as const).find((scheme) => scheme.toLowerCase() === name.toLowerCase())
}

function authorizationHeader(request: RequestLike, context: RefusalContext): string | undefined {
  const values = headerValues(request, 'authorization')
  if (values.length > 1) {
    return refuse(context, {
      status: 400,
      error: 'invalid_request',
      description: 'The request has more than one Authorization header.',
    })
  }
  return values[0]
}

/** Returns the values of a header; `name` in lower case. */
export function headerValues(request: RequestLike, name: string): string[] {
  const value = request.headersDistinct?.[name] ?? request.headers[name]
  return value === undefined ? [] : [value].flat()
}

/** Returns the path of the request line's target without the query; undefined if the request has no target. */
export function targetPath({ originalUrl, url }: RequestLike): string | undefined {
  const target = originalUrl ?? url
  if (target === undefined || target.startsWith('/')) return target?.split('?', 1)[0]
  // RFC 9112 §3.2.2: a client may send the absolute form to a proxy.
  return URL.parse(target)?.pathname ?? ''
}
