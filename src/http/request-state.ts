/** What the HTTP edge keeps about a request in `ctx.state`, with types. */
import type { Context } from 'koa'

export interface RequestState {
  /** Set by the request id middleware; also sent as `X-Request-Id`. */
  requestId?: string
  /** The caller's address, from the socket or from a trusted proxy. */
  address?: string
  /** The route template for logs and metrics; a room may set it. */
  route?: string
  /** The client that the request is for, once known; a room may set it. */
  clientId?: string
}

/** `ctx.state`, seen as what this room keeps in it. */
export function requestState(ctx: Pick<Context, 'state'>): RequestState {
  return ctx.state
}
