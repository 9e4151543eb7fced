/** Delivers logout tokens from the outbox to clients (OpenID Connect Back-Channel Logout 1.0 §2.5). */
import type Provider from 'oidc-provider'
import { SYSTEM, type Audit } from '#audit/audit.ts'
import { logoutAddressOf } from '#clients/logout.ts'
import type { Metrics } from '#observability/metrics.ts'
import type { OutboxJob, OutboxTask } from '#outbox/runner.ts'
import { clientOf } from '../engine/clients.ts'
import { logoutToken } from '../engine/logout-token.ts'
import { createNoticeDelivery, type DeliveryDeps, type DeliveryResult, type Posting } from '../notices/delivery.ts'
import type { RestoreEpoch } from '../restore-epoch/restore-epoch-store.ts'
import type { LogoutNotice } from './logout-notice.ts'

export interface LogoutDeliveryDeps extends DeliveryDeps {
  /** The engine with the current signing keys. */
  readonly provider: () => Provider
  readonly audit: Pick<Audit, 'record'>
  readonly restoreEpoch: RestoreEpoch
  readonly metrics: Pick<Metrics, 'logoutHandled'>
}

/** Creates the function of the outbox task. */
export function createLogoutDelivery(deps: LogoutDeliveryDeps): OutboxTask {
  return createNoticeDelivery<LogoutNotice>(deps, {
    name: 'a logout token',
    fields: ({ clientId, session }) => ({ client_id: clientId, session: session?.uid }),
    posting: (notice, job) => postingOf(deps, notice, job),
    counted: (outcome) => deps.metrics.logoutHandled(outcome),
    record: (notice, result) => record(deps, notice, result),
  })
}

async function postingOf(
  { provider, restoreEpoch }: LogoutDeliveryDeps,
  { clientId, accountId, session, jti }: LogoutNotice,
  { addedAt }: OutboxJob,
): Promise<Posting | string> {
  // an old backup has sessions that ended since in another way, and people have signed in again
  if (addedAt < restoreEpoch.beganAt) return 'it is from before a restore of the database'
  const current = provider()
  const client = await current.Client.find(clientId)
  const address = client && logoutAddressOf(clientOf(client), 'backchannel')
  if (!client || !address) return 'the client is not enabled, or has no backchannel_logout_uri any more'
  if (address.needsSid && !session) return 'the client requires sid, and the session is not known any more'
  const sid = address.needsSid && session ? { sid: session.sid } : {}
  const token = await logoutToken(current, client, { accountId, jti, ...sid })
  return {
    uri: address.uri,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  }
}

async function record(
  { audit }: LogoutDeliveryDeps,
  { clientId, accountId, session }: LogoutNotice,
  { outcome, attempts, reason }: DeliveryResult,
): Promise<void> {
  await audit.record({
    ...SYSTEM,
    type: outcome === 'success' ? 'backchannel_logout.delivered' : 'backchannel_logout.failed',
    outcome,
    clientId,
    accountId,
    subject: session === undefined ? { kind: 'account', id: accountId } : { kind: 'session', id: session.uid },
    ...(reason === undefined ? {} : { reason }),
    detail: { attempts },
  })
}
