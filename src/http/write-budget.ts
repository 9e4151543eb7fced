/**
 * Limits how much requests without a signed-in person can store: leaky buckets of bytes for each network and the wider
 * network around it. The buckets are in memory, so the limit itself writes nothing.
 */
import { AppError } from '#shared/app-error.ts'
import type { Clock } from '#shared/clock.ts'
import { createLeakyBuckets } from './leaky-buckets.ts'
import { networkOf, widerNetworkOf } from './network.ts'

const MEGABYTE = 1024 * 1024
const HOUR_SECONDS = 3600
/** The share of an hour's budget that can be used at once. */
const BURST = 1 / 8
/** The budget of the wider network, in budgets of one of its networks. */
const WIDER = 10
/** Overhead of a row: its header, its index entries, and its removal. */
const ROW_BYTES = 512

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
  const customers = createLeakyBuckets()
  const neighbors = createLeakyBuckets()

  return {
    charge(address, bytes) {
      const hourly = deps.megabytesPerHour() * MEGABYTE
      const now = deps.clock.now().getTime()
      const fills = [
        customers.fill(networkOf(address), bytes + ROW_BYTES, { ...limitOf(hourly), now }),
        neighbors.fill(widerNetworkOf(address), bytes + ROW_BYTES, { ...limitOf(hourly * WIDER), now }),
      ]
      const seconds = Math.ceil(Math.max(...fills.map(({ waitSeconds }) => waitSeconds)))
      if (seconds > 0) throw new TooMuchWritten(seconds)
      for (const { keep } of fills) keep()
    },
  }
}

function limitOf(hourly: number) {
  return { perSecond: hourly / HOUR_SECONDS, burst: hourly * BURST }
}
