/** Names the registration endpoint in the discovery documents while clients may register themselves (RFC 8414 §2). */
import type { Middleware } from 'koa'
import { DISCOVERY_PATHS, ROUTES } from '../engine/routes.ts'

export function tellRegistrationEndpoint(issuer: string, isOn: () => boolean): Middleware {
  return async (ctx, next) => {
    await next()
    if (!DISCOVERY_PATHS.some((path) => path === ctx.path) || ctx.status !== 200 || !isOn()) return
    ctx.body = { ...(ctx.body as Record<string, unknown>), registration_endpoint: issuer + ROUTES.registration }
  }
}
