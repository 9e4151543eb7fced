/** The middleware before all routes, in order. */
import compose from 'koa-compose'
import type { Middleware } from 'koa'
import { authorizationHeader } from './authorization-header.ts'
import { bodyLimit } from './body-limit.ts'
import { clientCertificate, type ClientCertificateDeps } from './client-certificate.ts'
import { errorDescriptions } from './error-descriptions.ts'
import { errorHandler, type ErrorHandlerDeps } from './error-handler.ts'
import { headLimit } from './head-limit.ts'
import { hostAllowList } from './host-allow-list.ts'
import { malformedUrl } from './malformed-url.ts'
import { methodRules, type MethodRules } from './method-rules.ts'
import { mtlsAlias, type MtlsAliasDeps } from './mtls-alias.ts'
import { origin, type OriginDeps } from './origin.ts'
import { pacing } from './pacing.ts'
import { requestId } from './request-id.ts'
import { requestLog, type RequestLogDeps } from './request-log.ts'
import { createRouteTemplates } from './route-template.ts'
import { securityHeaders, type SecurityHeadersDeps } from './security-headers.ts'

export interface FrontDeps
  extends ErrorHandlerDeps, SecurityHeadersDeps, MethodRules, Omit<OriginDeps, 'issuer' | 'logger'> {
  readonly metrics: RequestLogDeps['metrics'] & OriginDeps['metrics']
  /** The route templates, for logs and metrics. */
  readonly routes: readonly string[]
  /** The prefixes of paths whose requests are paced; see pacing.ts. */
  readonly paced: readonly string[]
  /** How clients show certificates; undefined when none is looked at. */
  readonly mtls?: (ClientCertificateDeps & Omit<MtlsAliasDeps, 'issuer'>) | undefined
}

/** Composes the middleware. Requires `app.proxy` and the engine's `proxy`: see origin.ts. */
export function createFront(deps: FrontDeps): Middleware {
  return compose([
    requestId(),
    requestLog({ logger: deps.logger, metrics: deps.metrics, routeOf: createRouteTemplates(deps.routes) }),
    securityHeaders(deps),
    errorDescriptions(),
    errorHandler(deps),
    headLimit(),
    hostAllowList([deps.issuer, ...(deps.mtls?.url === undefined ? [] : [deps.mtls.url])]),
    origin(deps),
    ...(deps.mtls ? [mtlsAlias({ ...deps.mtls, issuer: deps.issuer }), clientCertificate(deps.mtls)] : []),
    malformedUrl(),
    authorizationHeader(),
    bodyLimit(),
    pacing(deps.paced, deps.jsonPaths),
    methodRules(deps),
  ])
}
