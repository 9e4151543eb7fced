/**
 * Limits how much requests without a signed-in person can store: leaky buckets of bytes for each network and the wider
 * network around it. The buckets are in memory, so the limit itself writes nothing.
 */
import { AppError } from '#shared/app-error.ts'
import type { Clock } from '#shared/clock.ts'
import { networkOf, widerNetworkOf } from './network.ts'

const MEGABYTE = 1024 * 1024
const HOUR_SECONDS = 3600
/** The share of an hour's budget that can be used at once. */
const BURST = 1 / 8
/** The budget of the wider network, in budgets of one of its networks. */
const WIDER = 10
/** Overhead of a row: its header, its index entries, and its removal. */
const ROW_BYTES = 512
/** The most buckets for each width of network. The least recently used ones are dropped first. */
const MAX_NETWORKS = 20_000

/** 429: the caller's network has used up its budget. */
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
  /** Counts a row with `bytes` of content. Over the limit, counts nothing and throws TooMuchWritten. */
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
    /** Returns the wait until `bytes` have room, and a function that adds them. An empty bucket takes any number. */
    fill(network: string, bytes: number, { hourly, now }: { hourly: number; now: number }) {
      const perSecond = hourly / HOUR_SECONDS
      const before = levels.get(network)
      const left = before ? Math.max(0, before.bytes - ((now - before.at) / 1000) * perSecond) : 0
      const level = left + bytes
      return {
        waitSeconds: Math.min(left, level - hourly * BURST) / perSecond,
        keep(): void {
          // deleted first, so that the map is in order of last use
          levels.delete(network)
          forgetSome()
          levels.set(network, { bytes: level, at: now })
        },
      }
    },
  }
}
