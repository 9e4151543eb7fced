/**
 * A cache of data that other processes may change: notifications invalidate entries, and a maximum age bounds their
 * life.
 */
import type { Clock } from '#shared/clock.ts'
import type { Notifications } from './database.ts'

export interface NotifiedCache<Value> {
  /**
   * Returns the cached or a newly loaded value. Undefined, which is never cached, when there is none. Throws what
   * `load` throws.
   */
  get(id: string): Promise<Value | undefined>
  /** Removes one entry, after this process changed it. */
  drop(id: string): void
}

export interface NotifiedCacheOptions<Value> {
  /** The payload is the id that changed, or the empty string for all. */
  readonly channel: string
  readonly notifications: Notifications
  load(id: string): Promise<Value | undefined>
  /** Maximum age of a value, in case a notification is missed. */
  readonly maxAgeMs: number
  /** Maximum number of entries; the least recently used ones are evicted. */
  readonly maxEntries: number
  readonly clock: Clock
}

interface Entry<Value> {
  readonly value: Value
  readonly loadStartedAt: number
}

/** Creates a cache. Concurrent gets of one id share one load; a load whose id is notified meanwhile is not cached. */
export function createNotifiedCache<Value>(options: NotifiedCacheOptions<Value>): NotifiedCache<Value> {
  const entries = new Map<string, Entry<Value>>() // least recently used first
  const loading = new Map<string, Promise<Value | undefined>>()

  options.notifications.listen(options.channel, (id) => (id === '' ? dropAll() : drop(id)))
  options.notifications.onReconnect(dropAll)

  function drop(id: string): void {
    entries.delete(id)
    loading.delete(id) // later callers start a load that begins after the change
  }

  function dropAll(): void {
    entries.clear()
    loading.clear()
  }

  function cached(id: string): Value | undefined {
    const entry = entries.get(id)
    if (!entry) return undefined
    const ageMs = options.clock.now().getTime() - entry.loadStartedAt
    if (ageMs < 0 || ageMs >= options.maxAgeMs) {
      entries.delete(id)
      return undefined
    }
    // the order of use matters only near the limit, where entries are evicted
    if (entries.size * 2 > options.maxEntries) {
      entries.delete(id)
      entries.set(id, entry)
    }
    return entry.value
  }

  async function load(id: string): Promise<Value | undefined> {
    const loadStartedAt = options.clock.now().getTime()
    const promise = options.load(id)
    loading.set(id, promise)
    try {
      const value = await promise
      if (value !== undefined && loading.get(id) === promise) store(id, { value, loadStartedAt })
      return value
    } finally {
      if (loading.get(id) === promise) loading.delete(id)
    }
  }

  function store(id: string, entry: Entry<Value>): void {
    entries.delete(id)
    entries.set(id, entry)
    const oldest = entries.keys().next()
    if (entries.size > options.maxEntries && !oldest.done) entries.delete(oldest.value)
  }

  return {
    get: async (id) => cached(id) ?? loading.get(id) ?? load(id),
    drop,
  }
}
