/**
 * Delivers notices from the outbox to addresses that clients have registered: logout tokens, and notifications of ping.
 * They are tried again with increasing delays; an app that does not answer holds up no other.
 */
import { fetchFault } from '#clients/fetch-json.ts'
import type { Logger } from '#observability/logger.ts'
import { FetchRefused, type GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { OutboxJob, OutboxTask } from '#outbox/runner.ts'
import type { Clock } from '#shared/clock.ts'

export interface DeliveryDeps {
  readonly fetch: GuardedFetch
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly clock: Clock
}

/** A request to the app. Secrets in it are not stored in the outbox. */
export interface Posting {
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface DeliveryResult {
  readonly outcome: 'success' | 'failure'
  readonly attempts: number
  readonly reason?: string
}

/** What is particular to one kind of notice. */
export interface NoticeKind<Notice> {
  /** Its name in the log, with article. */
  readonly name: string
  /** Describes the notice in the log. */
  fields(notice: Notice): Record<string, unknown>
  /** Returns what to send, or in words why nothing is sent. */
  posting(notice: Notice, job: OutboxJob): Promise<Posting | string>
  /** Counts an attempt. */
  counted(outcome: 'delivered' | 'delayed' | 'failed' | 'dropped'): void
  /** Records the last attempt. */
  record(notice: Notice, result: DeliveryResult): Promise<void>
}

/** An answer that another attempt rarely changes: some keys may have been old, so there are a few attempts. */
const ATTEMPTS_WHEN_REFUSED = 3
const RETRY_LATER = new Set([408, 425, 429])
/** How long the other notices of a host are put off once it did not answer, so that it does not hold up those of others. */
const PAUSE_MS = 5000
const MAX_PAUSED = 1000

/** The client answered, but not that it has taken the notice. */
class NotTaken extends Error {
  readonly status: number

  constructor(status: number) {
    super(`it answered with status ${status}`)
    this.status = status
  }
}

/** Creates the function of an outbox task whose payload is a notice. */
export function createNoticeDelivery<Notice>(deps: DeliveryDeps, kind: NoticeKind<Notice>): OutboxTask {
  const { logger } = deps
  const { name } = kind
  const send = createSender(deps)

  return async (payload, job) => {
    const notice = payload as Notice
    const fields = { ...kind.fields(notice), attempt: job.attempt }
    const posting = await kind.posting(notice, job)
    if (typeof posting === 'string') {
      kind.counted('dropped')
      return logger.info({ ...fields, reason: posting }, `${name} is not sent`)
    }
    try {
      await send(posting)
    } catch (error) {
      const reason = error instanceof NotTaken ? error.message : fetchFault(error)
      const isFinal = job.last || (isRefusal(error) && job.attempt >= ATTEMPTS_WHEN_REFUSED)
      kind.counted(isFinal ? 'failed' : 'delayed')
      logger.warn({ ...fields, reason }, `${name} ${isFinal ? 'was given up' : 'waits to be tried again'}`)
      if (!isFinal) throw new Error(reason, { cause: error })
      return kind.record(notice, { outcome: 'failure', attempts: job.attempt, reason })
    }
    kind.counted('delivered')
    logger.info(fields, `${name} was delivered`)
    return kind.record(notice, { outcome: 'success', attempts: job.attempt })
  }
}

/** Returns a function that sends a notice. It throws unless the client answers that it has taken it. */
function createSender({ fetch, clock }: DeliveryDeps): (posting: Posting) => Promise<void> {
  const pausedUntil = new Map<string, number>()

  function pause(origin: string): void {
    if (pausedUntil.size >= MAX_PAUSED) pausedUntil.clear()
    pausedUntil.set(origin, clock.now().getTime() + PAUSE_MS)
  }

  async function post({ uri, headers, body }: Posting): Promise<Response> {
    const { origin } = new URL(uri)
    if ((pausedUntil.get(origin) ?? 0) > clock.now().getTime()) throw new Error('it did not answer a moment ago')
    try {
      return await fetch(uri, headers, { method: 'POST', body })
    } catch (error) {
      if (!(error instanceof FetchRefused)) pause(origin)
      throw error
    }
  }

  return async (posting) => {
    const { ok, status } = await post(posting)
    // Back-Channel Logout 1.0 §2.8: 200; CIBA Core 1.0 §10.2: 204. Frameworks answer any of them
    if (!ok) throw new NotTaken(status)
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof NotTaken) return error.status < 500 && !RETRY_LATER.has(error.status)
  return error instanceof FetchRefused
}
