/** Tells a client that a person has answered its request (CIBA Core 1.0 §10.2), from the outbox. */
import type Provider from 'oidc-provider'
import { SYSTEM, type Audit } from '#audit/audit.ts'
import type { Metrics } from '#observability/metrics.ts'
import type { OutboxTask } from '#outbox/runner.ts'
import type { ArtefactStore } from '../../adapter/artefact-store.ts'
import type { PayloadSealer } from '../../adapter/sealing.ts'
import { clientOf } from '../../engine/clients.ts'
import { createNoticeDelivery, type DeliveryDeps, type DeliveryResult, type Posting } from '../../notices/delivery.ts'
import { REQUEST } from './approval-store.ts'
import type { PingNotice } from './ping-notice.ts'

export interface PingDeliveryDeps extends DeliveryDeps {
  readonly provider: () => Provider
  readonly artefacts: Pick<ArtefactStore, 'find'>
  readonly sealer: PayloadSealer
  readonly audit: Pick<Audit, 'record'>
  readonly metrics: Pick<Metrics, 'pingHandled'>
}

/** Creates the function of the outbox task. */
export function createPingDelivery(deps: PingDeliveryDeps): OutboxTask {
  return createNoticeDelivery<PingNotice>(deps, {
    name: 'a notification of CIBA',
    fields: ({ clientId }) => ({ client_id: clientId }),
    posting: (notice) => postingOf(deps, notice),
    counted: (outcome) => deps.metrics.pingHandled(outcome),
    record: (notice, result) => record(deps, notice, result),
  })
}

async function postingOf(
  { provider, artefacts, sealer }: PingDeliveryDeps,
  { clientId, request }: PingNotice,
): Promise<Posting | string> {
  const client = await provider().Client.find(clientId)
  const { backchannel_client_notification_endpoint: uri } = client ? clientOf(client).metadata : {}
  if (typeof uri !== 'string') return 'the client is not enabled, or has no backchannel_client_notification_endpoint'
  const stored = await artefacts.find(REQUEST, Buffer.from(request, 'hex'))
  // also after a restore, and when the grant ended
  if (!stored) return 'the request is not there any more'
  if (stored.consumedSeconds !== null) return 'the client has fetched the tokens already'
  if ((stored.remainingSeconds ?? 0) <= 0) return 'the request has expired'
  const { payload, value } = sealer.open(REQUEST, stored.id, stored)
  const { client_notification_token: token } = payload['params'] as { client_notification_token?: string }
  if (token === undefined) return 'the request was made before the client registered for it'
  return {
    uri,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ auth_req_id: value }),
  }
}

async function record(
  { audit }: PingDeliveryDeps,
  { clientId, accountId }: PingNotice,
  { outcome, attempts, reason }: DeliveryResult,
): Promise<void> {
  await audit.record({
    ...SYSTEM,
    type: outcome === 'success' ? 'ciba.notified' : 'ciba.notification_failed',
    outcome,
    clientId,
    accountId,
    ...(reason === undefined ? {} : { reason }),
    detail: { attempts },
  })
}
