/** Stores backchannel authentication requests (CIBA Core 1.0 §7), as many as one person and one client may have. */
import Provider, { type KoaContextWithOIDC } from 'oidc-provider'
import type { Context } from 'koa'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Settings } from '#settings/settings.ts'
import { toArtefactRow } from '../../adapter/adapter.ts'
import type { ArtefactRow } from '../../adapter/artefact-store.ts'
import { orUnavailable } from '../../adapter/errors.ts'
import { type Payload, type PayloadSealer } from '../../adapter/sealing.ts'
import { tooMuch } from '../../configuration/strangers.ts'
import type { ApprovalSubscriber } from './approvals.ts'
import { createApprovalStore, REQUEST, type RequestLimits } from './approval-store.ts'
import { isNobody } from './people.ts'

export interface RequestDeps {
  readonly db: Database
  readonly sealer: PayloadSealer
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  readonly settings: Pick<Settings, 'current'>
  readonly onApprovalRequest: readonly ApprovalSubscriber[]
  readonly origin: (ctx: Context) => Omit<AuditContext, 'actor'>
}

export interface NewRequest {
  readonly value: string
  readonly payload: Payload
  readonly ttlSeconds: number
}

/** The parameters that are needed after the request. Hints and the user code are not. */
const KEPT = [
  'acr_values',
  'authorization_details',
  'binding_message',
  'claims',
  'client_notification_token',
  'max_age',
  'resource',
  'scope',
]

interface Limit {
  readonly message: string
  readonly retryAfterSeconds: number
}

const EXCEEDED: Readonly<Record<keyof RequestLimits, Limit>> = {
  waiting: { message: 'too many requests for this person wait for an answer', retryAfterSeconds: 60 },
  hourly: { message: 'this client has made too many requests for this person within an hour', retryAfterSeconds: 600 },
  ofClient: { message: 'too many requests of this client wait for an answer', retryAfterSeconds: 30 },
}

/** Returns the function that stores a request. Throws a protocol error (429) beyond the limits. */
export function createRequestStore(deps: RequestDeps) {
  const { sealer, settings } = deps
  return async ({ value, payload, ttlSeconds }: NewRequest): Promise<void> => {
    const params = payload['params'] as Record<string, unknown>
    const kept = { ...payload, params: Object.fromEntries(KEPT.map((name) => [name, params[name]])) }
    const row = toArtefactRow(sealer, { kind: REQUEST, value, payload: kept, ttlSeconds })
    const { limits } = settings.current()
    const exceeded = await orUnavailable(() =>
      add(deps, row, {
        waiting: limits.backchannel_requests_waiting,
        hourly: limits.backchannel_requests_per_hour,
        ofClient: limits.backchannel_requests_of_client,
      }),
    )
    const { ctx } = Provider
    if (!ctx) throw new TypeError('a request is stored while it is answered')
    if (exceeded) throw await beyondLimit(deps, ctx, { clientId: row.clientId ?? '', ...EXCEEDED[exceeded] })
  }
}

/**
 * Records that a client goes beyond a limit, and returns the refusal. The engine's other refusals of this kind mean that
 * the database is unavailable.
 */
export async function beyondLimit(
  { audit, origin }: Pick<RequestDeps, 'audit' | 'origin'>,
  ctx: KoaContextWithOIDC,
  { clientId, ...limit }: Limit & { readonly clientId: string },
): Promise<Error> {
  await audit.record({
    ...origin(ctx),
    ...ofClient(clientId),
    type: 'endpoint.refused',
    outcome: 'failure',
    reason: `temporarily_unavailable: ${limit.message}`,
    detail: { endpoint: ctx.oidc.route },
  })
  return tooMuch(ctx, limit)
}

function ofClient(clientId: string) {
  return { actor: { kind: 'client', id: clientId }, clientId } as const
}

/** Stores the request, with all that tells the person. Returns the limit that it exceeds; nothing is stored then. */
function add(
  { db, audit, onApprovalRequest, origin }: RequestDeps,
  row: ArtefactRow,
  limits: RequestLimits,
): Promise<keyof RequestLimits | undefined> {
  const { id, payload } = row
  const [accountId, clientId] = [row.accountId ?? '', row.clientId ?? '']
  const { ctx } = Provider
  return db.transaction(async (trx) => {
    const exceeded = await createApprovalStore(trx).add(row, limits)
    if (exceeded) return exceeded
    for (const subscriber of onApprovalRequest) await subscriber(trx, { id: id.toString('base64url'), accountId })
    const resource = [payload['resource']].flat().filter((one) => typeof one === 'string')
    await audit.recordIn(trx, {
      ...(ctx ? origin(ctx) : {}),
      type: 'ciba.requested',
      outcome: 'success',
      ...ofClient(clientId),
      ...(isNobody(accountId) ? {} : { accountId }),
      detail: { scope: String(payload['scope']), ...(resource.length > 0 ? { resource } : {}) },
    })
    return undefined
  })
}
