/** Wraps the engine at the token endpoint: commits the unit of work of each request and records its audit events. */
import type { Context, Next } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Audit, AuditContext, AuditEvent } from '#audit/audit.ts'
import type { TokenCommit } from '../adapter/token-store.ts'
import type { Settlement, UnitSettler } from '../adapter/unit-of-work.ts'
import { rowId } from '../adapter/sealing.ts'
import { ASSERTION_REUSED } from '../engine/client-assertion.ts'
import { type Lifetimes, refreshTokenTtl } from '../configuration/lifetimes.ts'
import type { Refusal } from '../engine/explain-refusal.ts'
import { refusedClient } from '../engine/refused-client.ts'
import type { RequestScope } from '../engine/scope/request-scope.ts'
import type { UnitOfWork } from '../engine/scope/unit-of-work.ts'
import type { Grant } from './grant.ts'
import type { Grants } from './registry.ts'

export interface TokenEndpointDeps {
  readonly grants: Grants
  readonly settler: UnitSettler
  readonly audit: Pick<Audit, 'thin'>
  readonly lifetimes: Lifetimes
  readonly refused: (ctx: KoaContextWithOIDC) => Refusal | undefined
  readonly auditContext: (ctx: Context) => Omit<AuditContext, 'actor'>
  readonly counted: (outcome: { grantType: string; error?: string }) => void
}

/**
 * Runs the engine for `POST /token` and commits what it collected before the answer goes out. When the commit finds a
 * replay or an ended grant, the answer becomes a refusal.
 */
export function tokenEndpoint(deps: TokenEndpointDeps) {
  return async (ctx: Context, next: Next, scope: RequestScope): Promise<void> => {
    await next()
    const engineCtx = ctx as unknown as KoaContextWithOIDC
    const unit = scope.unit as UnitOfWork
    const grant = deps.grants.of(engineCtx)
    // bounds the number of metric labels
    const grantType = grant?.metricLabel ?? 'other'
    if (ctx.status === 200) {
      nameOpenid(ctx.body as IssuedBody)
      const settlement = await deps.settler.settle(unit, {
        audit: [issued(engineCtx, grant, deps.auditContext(ctx))],
        touch: grant?.refresh === 'presented' ? touched(engineCtx, unit, deps.lifetimes) : undefined,
      })
      if (settlement.outcome === 'committed') {
        answer(ctx, settlement)
        deps.counted({ grantType })
        return
      }
      refuseAnswer(ctx, settlement)
    }
    const refusal = deps.refused(engineCtx) ?? refusalOf(ctx)
    // the database is unavailable: writing the event would only make the caller wait longer
    if (refusal.error !== 'temporarily_unavailable') {
      const isReuse = scope.grants.ended.size > 0
      const event = refusedEvent(engineCtx, { grant, refusal, isReuse }, deps.auditContext(ctx))
      await deps.settler.refuse(unit, WAITING.has(refusal.error) ? [] : deps.audit.thin([event]))
    }
    deps.counted({ grantType, error: refusal.error })
  }
}

/** RFC 8628 §3.5: the answers to polls before the person has decided. They refuse nothing, so they are not audited. */
const WAITING: ReadonlySet<string> = new Set(['authorization_pending', 'slow_down'])

interface IssuedBody {
  scope?: string
  readonly id_token?: string
}

/** RFC 6749 §5.1: `openid` was granted when there is an ID token, also where the access token is for an API. */
function nameOpenid(body: IssuedBody): void {
  if (body.id_token === undefined) return
  const others = (body.scope ?? '').split(' ').filter((name) => name !== '' && name !== 'openid')
  body.scope = ['openid', ...others].join(' ')
}

function answer(ctx: Context, settlement: Settlement): void {
  if (settlement.outcome !== 'committed' || settlement.refreshToken === undefined) return
  Object.assign(ctx.body as object, { refresh_token: settlement.refreshToken })
}

function refuseAnswer(ctx: Context, settlement: Settlement): void {
  const what = settlement.outcome === 'replayed' ? settlement.what : 'grant'
  const { status, ...body } = REFUSALS[what]
  ctx.status = status
  ctx.body = body
}

const REFUSALS = {
  // RFC 7523 §3: the server may refuse an assertion whose jti it has seen
  assertion: { status: 401, error: 'invalid_client', error_description: ASSERTION_REUSED },
  // RFC 9449 §5, §11.1
  proof: {
    status: 400,
    error: 'invalid_dpop_proof',
    error_description: 'DPoP proof: it was used before; each request needs a new one with its own jti',
  },
  grant: {
    status: 400,
    error: 'invalid_grant',
    error_description: 'it was used already or its grant has ended',
  },
} as const

/**
 * Returns the refresh token whose idle time restarts because it does not rotate; undefined when there is none. To save
 * writes, this happens at most once a day for each token.
 */
function touched(ctx: KoaContextWithOIDC, unit: UnitOfWork, lifetimes: Lifetimes): TokenCommit['touch'] {
  const { RefreshToken: token, RotatedRefreshToken: rotated } = ctx.oidc.entities
  if (!token?.jti || rotated || unit.repeated !== undefined) return undefined
  const ttlSeconds = refreshTokenTtl(lifetimes, token.totalLifetime())
  if (token.exp !== undefined && token.exp - Date.now() / 1000 > ttlSeconds - 86_400) return undefined
  return { id: rowId(token.jti), ttlSeconds }
}

function refusalOf(ctx: Context): Refusal {
  const body = ctx.body as { error?: string; error_description?: string } | undefined
  return { error: body?.error ?? 'server_error', description: body?.error_description ?? '', detail: undefined }
}

/** Characters. Bounds what a caller can write into the audit log. */
const MAX_RECORDED = 200

/** Returns the parameters that the row's `auditFields` name, as sent, cut to 200 characters. */
function recordedParameters(
  { oidc }: KoaContextWithOIDC,
  grant: Grant | undefined,
): { parameters: Record<string, string> } | undefined {
  const sent = (grant?.auditFields ?? []).flatMap((name) => {
    const value = oidc.params?.[name]
    return typeof value === 'string' ? [[name, value.slice(0, MAX_RECORDED)] as const] : []
  })
  return sent.length > 0 ? { parameters: Object.fromEntries(sent) } : undefined
}

function issued(ctx: KoaContextWithOIDC, grant: Grant | undefined, origin: Omit<AuditContext, 'actor'>): AuditEvent {
  const { client, entities, params } = ctx.oidc
  const token = entities.AccessToken ?? entities.ClientCredentials
  const body = ctx.body as { scope?: string; refresh_token?: string; authorization_details?: { type: string }[] }
  return issuedEvent(origin, {
    clientId: client?.clientId as string,
    accountId: entities.AccessToken?.accountId,
    grantType: asString(params?.['grant_type']),
    resource: token?.aud as string | undefined,
    scope: body.scope,
    detailsTypes: body.authorization_details?.map(({ type }) => type),
    accessTokenId: token?.aud === undefined ? undefined : token.jti,
    withRefreshToken: body.refresh_token !== undefined,
    ...recordedParameters(ctx, grant),
  })
}

interface Issued {
  readonly clientId: string
  /** Undefined for a token that a client gets for itself. */
  readonly accountId?: string | undefined
  readonly grantType: string | undefined
  readonly resource: string | undefined
  readonly scope: string | undefined
  /** The types of its authorization details. */
  readonly detailsTypes?: readonly string[] | undefined
  /** Undefined for a token for userinfo, which has a row of its own. */
  readonly accessTokenId: string | undefined
  readonly withRefreshToken: boolean
  readonly parameters?: Readonly<Record<string, string>>
}

export function issuedEvent(origin: Omit<AuditContext, 'actor'>, issued: Issued): AuditEvent {
  const { clientId, accountId, grantType, resource, scope, accessTokenId, withRefreshToken, parameters } = issued
  const { detailsTypes } = issued
  return {
    ...origin,
    type: 'token.issued',
    outcome: 'success',
    actor: accountId === undefined ? { kind: 'client', id: clientId } : { kind: 'account', id: accountId },
    clientId,
    ...(accountId === undefined ? {} : { accountId }),
    detail: {
      grant_type: grantType,
      ...(resource === undefined ? {} : { resource }),
      ...(scope === undefined ? {} : { scope }),
      ...(detailsTypes === undefined ? {} : { authorization_details_types: detailsTypes }),
      ...(accessTokenId === undefined ? {} : { access_token_id: accessTokenId }),
      with_refresh_token: withRefreshToken,
      ...(parameters === undefined ? {} : { parameters }),
    },
  }
}

function refusedEvent(
  ctx: KoaContextWithOIDC,
  { grant, refusal, isReuse }: { grant: Grant | undefined; refusal: Refusal; isReuse: boolean },
  origin: Omit<AuditContext, 'actor'>,
): AuditEvent {
  const { params } = ctx.oidc
  const { actor, clientId, claimedId, reason } = refusedClient(ctx)
  const accountId = ctx.oidc.entities.RefreshToken?.accountId
  return {
    ...origin,
    // a token request ends a grant only when its code or refresh token was used before (RFC 9700 §4.14)
    type: isReuse ? 'token.reused' : 'token.refused',
    outcome: 'failure',
    actor,
    ...(clientId === undefined ? {} : { clientId }),
    ...(accountId === undefined ? {} : { accountId }),
    reason: `${refusal.error}: ${reason ?? (refusal.detail || refusal.description)}`,
    detail: {
      grant_type: asString(params?.['grant_type']),
      error: refusal.error,
      ...(claimedId === undefined ? {} : { claimed_client_id: claimedId }),
      ...recordedParameters(ctx, grant),
    },
  }
}

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
