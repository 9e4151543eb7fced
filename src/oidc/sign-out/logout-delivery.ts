/** Delivers logout tokens from the outbox to clients (OpenID Connect Back-Channel Logout 1.0 §2.5). */
import type Provider from 'oidc-provider'
import { SYSTEM, type Audit } from '#audit/audit.ts'
import { fetchFault } from '#clients/fetch-json.ts'
import { logoutAddressOf } from '#clients/logout.ts'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import { FetchRefused, type GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { OutboxJob, OutboxTask } from '#outbox/runner.ts'
import type { Clock } from '#shared/clock.ts'
import { clientOf } from '../engine/clients.ts'
import { logoutToken } from '../engine/logout-token.ts'
import type { RestoreEpoch } from '../restore-epoch/restore-epoch-store.ts'
import type { LogoutNotice } from './logout-notice.ts'

export interface LogoutDeliveryDeps {
  /** The engine with the current signing keys. */
  readonly provider: () => Provider
  readonly fetch: GuardedFetch
  readonly audit: Pick<Audit, 'record'>
  readonly restoreEpoch: RestoreEpoch
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly metrics: Pick<Metrics, 'logoutHandled'>
  readonly clock: Clock
}

/** An answer that another attempt rarely changes: some keys may have been old, so there are a few attempts. */
const ATTEMPTS_WHEN_REFUSED = 3
const RETRY_LATER = new Set([408, 425, 429])
/** How long the other logouts of a host are put off once it did not answer, so that it does not hold up those of others. */
const PAUSE_MS = 5000
const MAX_PAUSED = 1000

/** The client answered, but not that it has signed the person out. */
class NotTaken extends Error {
  readonly status: number

  constructor(status: number) {
    super(`it answered with status ${status}`)
    this.status = status
  }
}

interface Delivery {
  readonly uri: string
  readonly token: string
}

/** Creates the function of the outbox task. */
export function createLogoutDelivery(deps: LogoutDeliveryDeps): OutboxTask {
  const { logger, metrics } = deps
  const send = createSender(deps)

  return async (payload, job) => {
    const notice = payload as LogoutNotice
    const { clientId, session } = notice
    const fields = { client_id: clientId, session: session?.uid, attempt: job.attempt }
    const delivery = await deliveryOf(deps, notice, job)
    if (typeof delivery === 'string') {
      metrics.logoutHandled('dropped')
      return logger.info({ ...fields, reason: delivery }, 'a logout token is not sent')
    }
    try {
      await send(delivery)
    } catch (error) {
      const reason = error instanceof NotTaken ? error.message : fetchFault(error)
      const isFinal = job.last || (isRefusal(error) && job.attempt >= ATTEMPTS_WHEN_REFUSED)
      metrics.logoutHandled(isFinal ? 'failed' : 'delayed')
      logger.warn(
        { ...fields, reason },
        isFinal ? 'a logout token was given up' : 'a logout token waits to be tried again',
      )
      if (!isFinal) throw new Error(reason, { cause: error })
      return record(deps, notice, { outcome: 'failure', attempts: job.attempt, reason })
    }
    metrics.logoutHandled('delivered')
    logger.info(fields, 'logout token delivered')
    return record(deps, notice, { outcome: 'success', attempts: job.attempt })
  }
}

/** Returns what to send, or in words why nothing is sent. */
async function deliveryOf(
  { provider, restoreEpoch }: LogoutDeliveryDeps,
  { clientId, accountId, session, jti }: LogoutNotice,
  { addedAt }: OutboxJob,
): Promise<Delivery | string> {
  // an old backup has sessions that ended since in another way, and people have signed in again
  if (addedAt < restoreEpoch.beganAt) return 'it is from before a restore of the database'
  const current = provider()
  const client = await current.Client.find(clientId)
  const address = client && logoutAddressOf(clientOf(client), 'backchannel')
  if (!client || !address) return 'the client is not enabled, or has no backchannel_logout_uri any more'
  if (!address.needsSid) return { uri: address.uri, token: await logoutToken(current, client, { accountId, jti }) }
  if (!session) return 'the client requires sid, and the session is not known any more'
  return { uri: address.uri, token: await logoutToken(current, client, { accountId, jti, sid: session.sid }) }
}

/** Returns a function that sends a logout token. It throws unless the client answers that it has taken it. */
function createSender({ fetch, clock }: LogoutDeliveryDeps): (delivery: Delivery) => Promise<void> {
  const pausedUntil = new Map<string, number>()

  function pause(origin: string): void {
    if (pausedUntil.size >= MAX_PAUSED) pausedUntil.clear()
    pausedUntil.set(origin, clock.now().getTime() + PAUSE_MS)
  }

  async function post({ uri, token }: Delivery): Promise<Response> {
    const { origin } = new URL(uri)
    if ((pausedUntil.get(origin) ?? 0) > clock.now().getTime()) throw new Error('it did not answer a moment ago')
    const body = new URLSearchParams({ logout_token: token }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    try {
      return await fetch(uri, headers, { method: 'POST', body })
    } catch (error) {
      if (!(error instanceof FetchRefused)) pause(origin)
      throw error
    }
  }

  return async (delivery) => {
    const { ok, status } = await post(delivery)
    // §2.8: 200; frameworks answer 204 instead
    if (!ok) throw new NotTaken(status)
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof NotTaken) return error.status < 500 && !RETRY_LATER.has(error.status)
  return error instanceof FetchRefused
}

async function record(
  { audit }: LogoutDeliveryDeps,
  { clientId, accountId, session }: LogoutNotice,
  result: { outcome: 'success' | 'failure'; attempts: number; reason?: string },
): Promise<void> {
  const { outcome, attempts, reason } = result
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
