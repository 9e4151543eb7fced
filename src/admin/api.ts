/** Provides the admin API as one Koa middleware. */
import type { Middleware } from 'koa'
import { problemErrors } from '#http/problem.ts'
import type { AdminApiDeps, createAdminRouter } from './router.ts'
import { ADMIN_API_PATH as BASE } from './scopes.ts'

/**
 * Serves the admin API under `/admin/v1`. The path arrives without the issuer's own path, still percent-encoded. The
 * router loads with the first request, so that servers start quickly and token requests never need it.
 */
export function createAdminApi(deps: AdminApiDeps): Middleware {
  const problems = problemErrors(deps)
  let serve: ReturnType<typeof createAdminRouter> | undefined
  return async (ctx, next) => {
    if (ctx.path !== BASE && !ctx.path.startsWith(`${BASE}/`)) {
      await next()
      return
    }
    ctx.set('Cache-Control', 'no-store')
    await problems(ctx, async () => {
      serve ??= (await import('./router.ts')).createAdminRouter(deps)
      await serve(ctx)
    })
  }
}
