/** The typed request state that the HTTP edge keeps in `ctx.state`. */
import type { Context } from 'koa'

export interface RequestState {
  /** Set by the request id middleware and sent as `X-Request-Id`. */
  requestId?: string
  /** The well-formed `X-Request-Id` of the caller. */
  callerRequestId?: string
  /** The client address, from the socket or a trusted proxy. */
  address?: string
  /** The route template for logs and metrics; rooms may set it. */
  route?: string
  /** The client of the request, once known; rooms may set it. */
  clientId?: string
}

/** Returns `ctx.state` with the type of this room. */
export function requestState(ctx: Pick<Context, 'state'>): RequestState {
  return ctx.state
}
