/** Remembers used DPoP proofs, so that each can be used only once (RFC 9449 §11.1). */

/** Remembers used proofs; several instances of an API share one, for example in Redis. */
export interface ReplayStore {
  /**
   * Remembers `key` until `until` and returns true, or returns false if it is already remembered. Of several concurrent
   * calls with one key, exactly one may return true (`SET key 1 NX PXAT until` in Redis).
   */
  remember(key: string, until: Date): boolean | Promise<boolean>
}

/** Creates a store in the memory of this process. It forgets each key at its time. */
export function createMemoryReplayStore(now: () => Date): ReplayStore {
  const keys = new Map<string, number>()

  /** Keys come nearly in the order in which they expire, so the oldest are at the front. */
  function forgetExpired(at: number): void {
    for (const [key, until] of keys) {
      if (until >= at) return
      keys.delete(key)
    }
  }

  return {
    remember(key, until) {
      forgetExpired(now().getTime())
      if (keys.has(key)) return false
      keys.set(key, until.getTime())
      return true
    },
  }
}
