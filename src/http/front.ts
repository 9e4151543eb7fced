/** The middleware that stands in front of all rooms, in its order: a list, so that the order can be read. */
import compose from 'koa-compose'
import type { Middleware } from 'koa'
import { bodyLimit } from './body-limit.ts'
import { errorHandler, type ErrorHandlerDeps } from './error-handler.ts'
import { hostAllowList } from './host-allow-list.ts'
import { malformedUrl } from './malformed-url.ts'
import { methodRules, type MethodRules } from './method-rules.ts'
import { origin } from './origin.ts'
import { pacing } from './pacing.ts'
import { requestId } from './request-id.ts'
import { requestLog, type RequestLogDeps } from './request-log.ts'
import { createRouteTemplates } from './route-template.ts'
import { securityHeaders } from './security-headers.ts'

export interface FrontDeps extends ErrorHandlerDeps, MethodRules, Pick<RequestLogDeps, 'metrics'> {
  readonly trustedProxies: readonly string[]
  /** The templates of all routes, for logs and metrics. */
  readonly routes: readonly string[]
  /** How the paths begin that people ask for: see pacing.ts. */
  readonly paced: readonly string[]
  /** Base URLs besides the issuer that the server answers for. */
  readonly furtherUrls?: readonly string[]
}

/** `app.proxy` and the engine's `proxy` must be on: see origin.ts. */
export function createFront(deps: FrontDeps): Middleware {
  return compose([
    requestId(),
    requestLog({ logger: deps.logger, metrics: deps.metrics, routeOf: createRouteTemplates(deps.routes) }),
    securityHeaders(deps),
    errorHandler(deps),
    hostAllowList([deps.issuer, ...(deps.furtherUrls ?? [])]),
    origin(deps),
    malformedUrl(),
    pacing(deps.paced),
    bodyLimit(),
    methodRules(deps),
  ])
}
