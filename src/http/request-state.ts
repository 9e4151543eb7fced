/** The typed request state that the HTTP edge keeps in `ctx.state`. */
import type { X509Certificate } from 'node:crypto'
import type { Context } from 'koa'

export interface ClientCertificate {
  readonly certificate: X509Certificate
  /** Whether a known authority has issued it. */
  readonly verified: boolean
}

export interface RequestState {
  /** Set by the request id middleware and sent as `X-Request-Id`. */
  requestId?: string
  /** The well-formed `X-Request-Id` of the caller. */
  callerRequestId?: string
  /** The client address, from the socket or a trusted proxy. */
  address?: string
  /** Whether a trusted proxy has sent the request. */
  behindProxy?: boolean
  /** The TLS certificate of the client, on our own listener or as a trusted proxy passes it on. */
  clientCertificate?: ClientCertificate
  /** The origin that the request was sent to, when it is not the issuer's but the one for client certificates. */
  mtlsOrigin?: string
  /** The route template for logs and metrics; rooms may set it. */
  route?: string
  /** The client of the request, once known; rooms may set it. */
  clientId?: string
}

/** Returns `ctx.state` with the type of this room. */
export function requestState(ctx: Pick<Context, 'state'>): RequestState {
  return ctx.state
}
