/** A refused request: status, error and the WWW-Authenticate challenge that tells a client what to do. */

/** How an access token is sent (RFC 6750, RFC 9449 §7.1). */
export type Scheme = 'Bearer' | 'DPoP'

/** The parameters of every challenge of an API. */
export interface RefusalContext {
  /** The URL of the API's metadata (RFC 9728 §5.1); undefined to omit it. */
  readonly resourceMetadata: string | undefined
  /** The scopes that the request needs. */
  readonly scope: readonly string[]
  /** What the API accepts of DPoP; undefined when it accepts only bearer tokens. */
  readonly dpop: { readonly algorithms: readonly string[]; readonly required: boolean } | undefined
  /** The scheme that the request used; undefined while it is unknown. */
  readonly scheme?: Scheme
}

export type RefusalCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'

export interface Refusal {
  readonly status: 400 | 401 | 403 | 503
  /** Omitted when no token was sent (RFC 6750 §3.1). */
  readonly error?: RefusalCode
  readonly description?: string
  /** The requirements on the sign-in (RFC 9470 §3). */
  readonly acrValues?: readonly string[]
  readonly maxAgeSeconds?: number
  /** A nonce for the next proof (RFC 9449 §9). */
  readonly dpopNonce?: string
  readonly cause?: unknown
}

const RETRY_AFTER_SECONDS = 5

/**
 * Thrown for a refused request. `status`, `headers` and `body` are the complete answer:
 * `response.writeHead(refused.status, refused.headers).end(refused.body)`.
 */
export class AccessTokenRefused extends Error {
  override readonly name = 'AccessTokenRefused'
  /** 400, 401, 403, or 503 when the issuer's keys, its status list or its introspection are unavailable. */
  readonly status: Refusal['status']
  /** The error code, or undefined when no token was sent. */
  readonly error: RefusalCode | undefined
  readonly error_description: string | undefined
  /** The value of WWW-Authenticate; undefined with 503. */
  readonly challenge: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** JSON with `error` and `error_description`; empty when no token was sent. */
  readonly body: string

  constructor(context: RefusalContext, refusal: Refusal) {
    super(
      refusal.description ?? 'The request has no access token.',
      refusal.cause === undefined ? undefined : { cause: refusal.cause },
    )
    this.status = refusal.status
    this.error = refusal.error
    this.error_description = refusal.description
    this.challenge = refusal.status === 503 ? undefined : challenge(context, refusal)
    this.headers = {
      'Cache-Control': 'no-store',
      ...(this.challenge === undefined
        ? { 'Retry-After': String(RETRY_AFTER_SECONDS) }
        : { 'WWW-Authenticate': this.challenge }),
      ...(refusal.dpopNonce === undefined ? {} : { 'DPoP-Nonce': refusal.dpopNonce }),
      ...(refusal.error === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    }
    this.body =
      refusal.error === undefined
        ? ''
        : JSON.stringify({ error: refusal.error, error_description: refusal.description })
  }
}

export function refuse(context: RefusalContext, refusal: Refusal): never {
  throw new AccessTokenRefused(context, refusal)
}

/** Refuses the access token itself. */
export function invalidToken(context: RefusalContext, description: string, cause?: unknown): never {
  return refuse(context, { status: 401, error: 'invalid_token', description, cause })
}

/** Refuses a request because the issuer is unavailable, so that the token cannot be checked. */
export function unavailable(context: RefusalContext, description: string, cause: unknown): never {
  return refuse(context, { status: 503, error: 'temporarily_unavailable', description, cause })
}

/**
 * Returns the challenges: without a token one for each scheme of the API, with a token the fault under the scheme that
 * was used. A bearer token gets a bare DPoP challenge as well (RFC 9449 §7.2).
 */
function challenge(context: RefusalContext, refusal: Refusal): string {
  const { dpop } = context
  const parameters = parametersOf(context, refusal)
  if (dpop === undefined) return one('Bearer', parameters)
  const algorithms: [string, string] = ['algs', dpop.algorithms.join(' ')]
  if (dpop.required || context.scheme === 'DPoP') return one('DPoP', [...parameters, algorithms])
  if (refusal.error !== undefined) return `${one('Bearer', parameters)}, ${one('DPoP', [algorithms])}`
  return `${one('DPoP', [...parameters, algorithms])}, ${one('Bearer', parameters)}`
}

function parametersOf(context: RefusalContext, refusal: Refusal): [string, string][] {
  const parameters: [string, string][] = []
  // RFC 6750 §3.1: a request without authentication gets no error code or other error information.
  if (refusal.error !== undefined) parameters.push(['error', refusal.error])
  if (refusal.description !== undefined) parameters.push(['error_description', refusal.description])
  const namesScope = refusal.error === undefined || refusal.error === 'insufficient_scope'
  if (namesScope && context.scope.length > 0) parameters.push(['scope', context.scope.join(' ')])
  if (refusal.acrValues !== undefined) parameters.push(['acr_values', refusal.acrValues.join(' ')])
  if (refusal.maxAgeSeconds !== undefined) parameters.push(['max_age', String(refusal.maxAgeSeconds)])
  if (context.resourceMetadata !== undefined) parameters.push(['resource_metadata', context.resourceMetadata])
  return parameters
}

function one(scheme: Scheme, parameters: readonly [string, string][]): string {
  if (parameters.length === 0) return scheme
  return `${scheme} ${parameters.map(([name, value]) => `${name}="${quotable(value)}"`).join(', ')}`
}

/** Replaces characters that a quoted value must not contain: RFC 6750 §3 allows %x20-21 / %x23-5B / %x5D-7E. */
function quotable(value: string): string {
  return value.replaceAll(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, "'")
}
