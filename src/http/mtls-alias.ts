/** Serves only what programs call at the origin for client certificates, where a browser would ask its person for one. */
import type { Middleware } from 'koa'
import { RequestError } from './errors.ts'
import { hostsOf } from './host-allow-list.ts'
import { requestState } from './request-state.ts'

export interface MtlsAliasDeps {
  /** The origin where clients reach a listener that asks for a certificate; undefined when the issuer's does. */
  readonly url: string | undefined
  /** The paths that are served there. */
  readonly paths: readonly string[]
  readonly issuer: string
}

/** Notes when a request was sent to that origin, and answers 421 for all other paths there. */
export function mtlsAlias({ url, paths, issuer }: MtlsAliasDeps): Middleware {
  if (url === undefined || url === new URL(issuer).origin) return (_ctx, next) => next()
  const hosts = new Set(hostsOf(url))
  const served = new Set(paths)
  return (ctx, next) => {
    if (!hosts.has(String(ctx.req.headers.host).toLowerCase())) return next()
    if (!served.has(ctx.path)) {
      throw new RequestError(
        'misdirected_request',
        `${url} is for clients with a certificate, at ${paths.join(', ')}; everything else is at ${issuer}.`,
      )
    }
    requestState(ctx).mtlsOrigin = url
    return next()
  }
}
