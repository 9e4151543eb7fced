/** Wraps each request to the engine: opens its scope, explains and records refusals, and adds missing headers. */
import type { EventEmitter } from 'node:events'
import type { Context, Middleware, Next } from 'koa'
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Actor, Audit, AuditEvent } from '#audit/audit.ts'
import { DatabaseUnavailable } from '#database/errors.ts'
import { deviceOf } from '#http/device.ts'
import type { Logger } from '#observability/logger.ts'
import type { SeenFrom } from '../sessions/seen-from.ts'
import { explainRefusal, type EngineError, type Refusal } from './explain-refusal.ts'
import { refusedClient } from './refused-client.ts'
import { ROUTES } from './routes.ts'
import { unregisteredUri } from './unregistered-uri.ts'
import { inRequestScope } from './scope/request-scope.ts'
import { tokenEndpoint, type TokenEndpointDeps } from '../grants/token-endpoint.ts'

export interface AroundDeps extends Pick<
  TokenEndpointDeps,
  'grants' | 'settler' | 'lifetimes' | 'auditContext' | 'counted'
> {
  readonly audit: Audit
  readonly logger: Logger
}

/** Events that the engine emits after it has rendered an error. */
const ERROR_EVENTS = [
  'authorization.error',
  'backchannel_authentication.error',
  'device_authorization.error',
  'device_resume.error',
  'discovery.error',
  'end_session.error',
  'end_session_confirm.error',
  'end_session_success.error',
  'grant.error',
  'introspection.error',
  'jwks.error',
  'pushed_authorization_request.error',
  'revocation.error',
  'server_error',
  'userinfo.error',
] as const

/** Seconds. Keys are published well before they sign, so a cached set always contains the current key. */
const JWKS_MAX_AGE = 300
const RETRY_AFTER = 2

export function aroundEngine(provider: Provider, deps: AroundDeps): Middleware {
  const caught = new WeakMap<object, EngineError>()
  const emitter: EventEmitter = provider
  for (const event of ERROR_EVENTS) {
    emitter.on(event, (ctx: KoaContextWithOIDC, error: EngineError) => {
      caught.set(ctx.req, error)
      if (event === 'server_error') logBug(deps.logger, ctx, error)
    })
  }

  clearSiteData(provider)

  const refused = (ctx: KoaContextWithOIDC): Refusal | undefined => {
    const error = caught.get(ctx.req)
    return error && explainRefusal(ctx, error)
  }
  const token = tokenEndpoint({ ...deps, refused })

  return async (ctx, next) => {
    const isToken = ctx.method === 'POST' && ctx.path === ROUTES.token
    const options = {
      collect: isToken,
      seenFrom: () => seenFrom(ctx, deps),
      ...(ctx.path === ROUTES.revocation ? { revokedEvent: revokedEvent(ctx, deps) } : {}),
    }
    await inRequestScope(options, async (scope) => {
      try {
        await keepAnswered(ctx, () => (isToken ? token(ctx, next, scope) : next()))
      } finally {
        if (!isToken) await recordOutcome(ctx, deps, refused(ctx as unknown as KoaContextWithOIDC))
      }
    })
    finish(ctx)
  }
}

/**
 * Tells the browser of a person who signed out to drop what it cached and stored of our pages. Only where the issuer is
 * the whole origin. Never cookies: that would empty the whole registrable domain, and known browsers would be forgotten.
 */
function clearSiteData(provider: Provider): void {
  if (new URL(provider.issuer).pathname !== '/') return
  provider.on('end_session.success', (ctx) => {
    if (ctx.oidc.params?.['logout'] !== undefined) ctx.set('Clear-Site-Data', '"cache", "storage"')
  })
}

function seenFrom(ctx: Context, { auditContext }: AroundDeps): SeenFrom {
  const { address } = auditContext(ctx)
  return { ...(address === undefined ? {} : { address }), ...deviceOf(ctx.get('user-agent')) }
}

/**
 * Keeps a redirect (303) that the engine has already made when the database fails. The engine tries to save the session
 * again outside its error handling, and an error there would replace the redirect.
 */
async function keepAnswered(ctx: Context, work: Next): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (ctx.status === 303 && isUnavailable(error)) return
    throw error
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseUnavailable || (error instanceof Error && Reflect.get(error, 'statusCode') === 503)
}

function finish(ctx: Context): void {
  if (ctx.path === ROUTES.jwks && ctx.status === 200) ctx.set('Cache-Control', `public, max-age=${JWKS_MAX_AGE}`)
  if (ctx.path.startsWith('/.well-known/') && ctx.status === 200)
    ctx.set('Cache-Control', `public, max-age=${JWKS_MAX_AGE}`)
  if (ctx.status === 503) ctx.set('Retry-After', String(RETRY_AFTER))
  // RFC 7009 §2.2: the body is empty, and clients parse a body that has a type
  if (ctx.path === ROUTES.revocation && ctx.body === '') ctx.remove('Content-Type')
  const { client } = (ctx as unknown as Partial<KoaContextWithOIDC>).oidc ?? {}
  if (client) ctx.state['clientId'] = client.clientId
}

async function recordOutcome(ctx: Context, deps: AroundDeps, refusal: Refusal | undefined): Promise<void> {
  // when the database is unavailable, writing the event would only make the caller wait longer
  if (!refusal || refusal.error === 'temporarily_unavailable') return
  const engineCtx = ctx as unknown as KoaContextWithOIDC
  try {
    await deps.audit.record({ ...deps.auditContext(ctx), ...refusedFields(ctx, engineCtx, refusal) })
  } catch (error) {
    // the database is unavailable: keep the 503 that the engine has rendered
    if (!(ctx.status === 503 && isUnavailable(error))) throw error
  }
}

function refusedFields(ctx: Context, engineCtx: KoaContextWithOIDC, refusal: Refusal) {
  const { oidc } = engineCtx
  const { session } = oidc ?? {}
  const client = refusedClient(engineCtx)
  const wrong = unregisteredUri(engineCtx)
  const atAuthorize = ctx.path.startsWith(ROUTES.authorization)
  const accountId = atAuthorize || oidc?.route === 'device_resume' ? session?.accountId : undefined
  const actor: Actor = accountId ? { kind: 'account', id: accountId } : client.actor
  return {
    type: atAuthorize ? 'authorization.refused' : 'endpoint.refused',
    outcome: 'failure',
    actor,
    ...(client.clientId === undefined ? {} : { clientId: client.clientId }),
    ...(accountId ? { accountId } : {}),
    reason: `${refusal.error}: ${client.reason ?? refusal.detail ?? refusal.description}`,
    detail: {
      endpoint: oidc?.route,
      ...(client.claimedId === undefined ? {} : { claimed_client_id: client.claimedId }),
      ...(wrong === undefined ? {} : { unregistered_uri: wrong.sent }),
    },
  } as const
}

/** Returns a function that gives the `token.revoked` event for the token the engine found. Its next calls give none. */
function revokedEvent(ctx: Context, { auditContext }: AroundDeps): () => AuditEvent[] {
  let isRecorded = false
  return () => {
    const { client, entities } = (ctx as unknown as KoaContextWithOIDC).oidc
    const { RefreshToken, AccessToken, ClientCredentials } = entities
    const token = RefreshToken ?? AccessToken ?? ClientCredentials
    if (isRecorded || !client || !token) return []
    isRecorded = true
    const accountId = RefreshToken?.accountId ?? AccessToken?.accountId
    return [
      {
        ...auditContext(ctx),
        type: 'token.revoked',
        outcome: 'success',
        actor: { kind: 'client', id: client.clientId },
        clientId: client.clientId,
        ...(accountId ? { accountId } : {}),
        detail: { kind: token.kind },
      },
    ]
  }
}

function logBug(logger: Logger, ctx: KoaContextWithOIDC, error: Error): void {
  logger.error({ err: error, request_id: ctx.state['requestId'], route: ctx.oidc?.route }, 'the engine failed')
}
