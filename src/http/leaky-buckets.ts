/** Leaky buckets in memory: how much each network, host or other key may use at once and over time. */

/** The most buckets. The least recently used ones are dropped first. */
const MAX_KEYS = 20_000

export interface BucketLimit {
  /** How much leaks out of a bucket in a second. */
  readonly perSecond: number
  /** How much a bucket holds. */
  readonly burst: number
  /** Epoch milliseconds. */
  readonly now: number
}

export interface LeakyBuckets {
  /** Returns the wait until `amount` has room, and a function that adds it. An empty bucket takes any amount. */
  fill(key: string, amount: number, limit: BucketLimit): { readonly waitSeconds: number; keep(): void }
}

export function createLeakyBuckets(): LeakyBuckets {
  const levels = new Map<string, { amount: number; at: number }>()

  function forgetSome(): void {
    for (const key of levels.keys()) {
      if (levels.size < MAX_KEYS) return
      levels.delete(key)
    }
  }

  return {
    fill(key, amount, { perSecond, burst, now }) {
      const before = levels.get(key)
      const left = before ? Math.max(0, before.amount - ((now - before.at) / 1000) * perSecond) : 0
      const level = left + amount
      return {
        waitSeconds: Math.min(left, level - burst) / perSecond,
        keep(): void {
          // deleted first, so that the map is in order of last use
          levels.delete(key)
          forgetSome()
          levels.set(key, { amount: level, at: now })
        },
      }
    },
  }
}
