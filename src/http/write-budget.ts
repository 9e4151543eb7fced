/**
 * Limits what strangers can have stored: leaky buckets of bytes for each network and the wider network around it, in the
 * memory of the process, so that the limit itself writes nothing.
 */
import { AppError } from '#shared/app-error.ts'
import type { Clock } from '#shared/clock.ts'
import { networkOf, widerNetworkOf } from './network.ts'

const MEGABYTE = 1024 * 1024
const HOUR_SECONDS = 3600
/** The part of an hour's budget that can be used at once. */
const BURST = 1 / 8
/** The budget of the wider network, in budgets of one of its networks. */
const WIDER = 10
/** What a row costs beside its content: its header, its index entries, and its removal. */
const ROW_BYTES = 512
/** Networks of each width that are remembered; the ones that have been quiet longest are forgotten first. */
const MAX_NETWORKS = 20_000

/** 429: the network of the caller has used up its budget. */
export class TooMuchWritten extends AppError {
  override readonly code = 'too_many_requests'
  override readonly status = 429
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super(
      `Too many requests came from your network without anyone signing in. Try again in ${retryAfterSeconds} seconds.`,
    )
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface WriteBudget {
  /** Counts a row of `bytes` of content that a stranger's request writes. Throws TooMuchWritten over the limit. */
  charge(address: string | undefined, bytes: number): void
}

export function createWriteBudget(deps: { clock: Clock; megabytesPerHour: () => number }): WriteBudget {
  const customers = createBuckets()
  const neighbors = createBuckets()

  return {
    charge(address, bytes) {
      const hourly = deps.megabytesPerHour() * MEGABYTE
      const now = deps.clock.now().getTime()
      const fills = [
        customers.fill(networkOf(address), bytes + ROW_BYTES, { hourly, now }),
        neighbors.fill(widerNetworkOf(address), bytes + ROW_BYTES, { hourly: hourly * WIDER, now }),
      ]
      const seconds = Math.ceil(Math.max(...fills.map(({ waitSeconds }) => waitSeconds)))
      if (seconds > 0) throw new TooMuchWritten(seconds)
      for (const { keep } of fills) keep()
    },
  }
}

/** Leaky buckets of bytes, one for each network. */
function createBuckets() {
  const levels = new Map<string, { bytes: number; at: number }>()

  function forgetSome(): void {
    for (const network of levels.keys()) {
      if (levels.size < MAX_NETWORKS) return
      levels.delete(network)
    }
  }

  return {
    /** Returns how long to wait until `bytes` have room, and what adds them. An empty bucket takes a row of any size. */
    fill(network: string, bytes: number, { hourly, now }: { hourly: number; now: number }) {
      const perSecond = hourly / HOUR_SECONDS
      const before = levels.get(network)
      const left = before ? Math.max(0, before.bytes - ((now - before.at) / 1000) * perSecond) : 0
      const level = left + bytes
      return {
        waitSeconds: Math.min(left, level - hourly * BURST) / perSecond,
        keep(): void {
          // in order of last use
          levels.delete(network)
          forgetSome()
          levels.set(network, { bytes: level, at: now })
        },
      }
    },
  }
}
