/** The router of `/admin/v1`: routes, access check, request parsing, answers, and audit events for refused requests. */
import Router from '@koa/router'
import type { Context } from 'koa'
import type { AuditContext } from '#audit/audit.ts'
import { readJson } from '#http/body.ts'
import { requestOrigin } from '#http/origin.ts'
import { requestState } from '#http/request-state.ts'
import type { Logger } from '#observability/logger.ts'
import { AppError } from '#shared/app-error.ts'
import { auditActorOf, type Caller } from './caller.ts'
import { entityTag } from './conditional.ts'
import { AdminError } from './errors.ts'
import { createGuard, type Guard, type GuardDeps } from './guard.ts'
import { createOpenApiDocument } from './openapi.ts'
import { type AdminServices, adminRoutes } from './resources.ts'
import type { Reply, Route } from './route.ts'
import { ADMIN_API_PATH as BASE, adminResourceOf } from './scopes.ts'

export interface AdminApiDeps extends AdminServices {
  readonly issuer: string
  readonly logger: Logger
  /** Whether an access token with a valid signature was revoked, or is older than a restore of the database. */
  readonly hasEnded: GuardDeps['hasEnded']
}

/**
 * Returns the handler of requests below BASE. It throws AppError for refused requests, and records their audit events.
 */
export function createAdminRouter(deps: AdminApiDeps): (ctx: Context) => Promise<void> {
  const adminResource = adminResourceOf(deps.issuer)
  const routes = adminRoutes({ ...deps, adminResource })
  const router = createRouter(deps, createGuard({ ...deps, audience: adminResource }), routes)
  const dispatch = router.routes()
  return async (ctx) => {
    await dispatch(ctx as Parameters<typeof dispatch>[0], async () => unmatched(router, ctx))
  }
}

function createRouter(deps: AdminApiDeps, guard: Guard, routes: readonly Route[]): Router {
  const router = new Router({ strict: true, sensitive: true })
  let document: string | undefined
  router.get(`${BASE}/openapi.json`, (ctx) => {
    document ??= JSON.stringify(createOpenApiDocument(deps.issuer, routes))
    ctx.set('Cache-Control', 'public, max-age=300')
    ctx.type = 'application/json'
    ctx.body = document
  })
  for (const route of routes) {
    const path = BASE + route.path.replaceAll(/\{(\w+)\}/g, ':$1')
    router.register(path, [route.method], async (ctx) => serve({ deps, guard, route, path }, ctx))
  }
  return router
}

interface Served {
  readonly deps: AdminApiDeps
  readonly guard: Guard
  readonly route: Route
  /** The path template of the route. */
  readonly path: string
}

type Matched = Context & { params: Record<string, string> }

async function serve(served: Served, ctx: Matched): Promise<void> {
  const { deps, guard, route } = served
  requestState(ctx).route = served.path
  let caller: Caller | undefined
  let admitted: Caller | undefined
  try {
    admitted = await guard.admit(ctx.req, route.scope, (seen) => {
      caller = seen
      requestState(ctx).clientId = seen.clientId
    })
    const by: AuditContext = { actor: auditActorOf(admitted.actor), ...requestOrigin(ctx) }
    answer(ctx, route, await route.run({ ...(await read(ctx, route)), by, caller: admitted }), deps.issuer)
  } catch (error) {
    if (error instanceof AppError && error.status < 500)
      await refused(served, ctx, { error, caller, admitted: admitted !== undefined })
    throw error
  }
}

async function read(ctx: Matched, route: Route) {
  return {
    params: ctx.params,
    query: ctx.query,
    body: route.body || hasBody(ctx) ? await readBody(ctx, route) : undefined,
    ifMatch: ctx.headers['if-match'],
  }
}

async function readBody(ctx: Context, route: Route): Promise<unknown> {
  if (!hasBody(ctx) && route.body?.safeParse(undefined).success) return undefined
  return readJson(ctx)
}

function hasBody({ req }: Context): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
}

function answer(ctx: Context, route: Route, { body, version, location }: Reply, issuer: string): void {
  ctx.status = route.answer.status
  if (version !== undefined) ctx.set('ETag', entityTag(version))
  if (location !== undefined) ctx.set('Location', issuer + BASE + location)
  if (body === undefined) return
  ctx.type = 'application/json'
  ctx.body = JSON.stringify(body)
}

interface Refusal {
  readonly error: AppError
  readonly caller: Caller | undefined
  /** Whether the guard admitted the request. */
  readonly admitted: boolean
}

/** Sets the headers of an error. Records an event when access was denied, and for every change that was not made. */
async function refused(served: Served, ctx: Context, { error, caller, admitted }: Refusal): Promise<void> {
  if (error instanceof AdminError) ctx.set(error.headers)
  // RFC 6585 §4
  if ('retryAfterSeconds' in error) ctx.set('Retry-After', String(error.retryAfterSeconds))
  const { deps, route, path } = served
  const denied = !admitted || error.status === 403
  if (!denied && route.method === 'GET') return
  await deps.audit.record({
    type: 'admin.refused',
    outcome: 'failure',
    actor: caller ? auditActorOf(caller.actor) : { kind: 'anonymous' },
    ...(caller ? { clientId: caller.clientId } : {}),
    ...requestOrigin(ctx),
    reason: error.code,
    detail: {
      method: route.method,
      route: path,
      status: error.status,
      scope: route.scope,
      ...(denied ? { said: error.message } : {}),
    },
  })
}

/** Throws 404 or 405. RFC 9110 §15.5.6: a 405 names the allowed methods. */
function unmatched(router: Router, ctx: Context): never {
  const { path: layers } = router.match(ctx.path, ctx.method)
  if (layers.length === 0) throw new AdminError('not_found', `The admin API has nothing at ${ctx.path.slice(0, 200)}.`)
  const methods = [...new Set(layers.flatMap((layer) => layer.methods))].toSorted()
  ctx.set('Allow', methods.join(', '))
  throw new AdminError('method_not_allowed', `${ctx.method} is not possible here, only ${methods.join(', ')}.`)
}
