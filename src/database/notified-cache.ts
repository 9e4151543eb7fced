/** A cache of what other processes may change: dropped when they notify, and never older than its maximum age. */
import type { Clock } from '#shared/clock.ts'
import type { Notifications } from './database.ts'

export interface NotifiedCache<Value> {
  /** The cached value, or a loaded one; undefined (never cached) when there is none. Throws what loading threw. */
  get(id: string): Promise<Value | undefined>
  /** Forgets one value, after this process changed it. */
  drop(id: string): void
}

export interface NotifiedCacheOptions<Value> {
  /** Payload: the id that changed, or the empty string for all of them. */
  readonly channel: string
  readonly notifications: Notifications
  load(id: string): Promise<Value | undefined>
  /** How long a value lives when a notification is missed. */
  readonly maxAgeMs: number
  /** Beyond this many, those unused for longest are forgotten. */
  readonly maxEntries: number
  readonly clock: Clock
}

interface Entry<Value> {
  readonly value: Value
  readonly askedAt: number
}

/** Concurrent gets of one id share one load; a load during which its id is notified is not cached. */
export function createNotifiedCache<Value>(options: NotifiedCacheOptions<Value>): NotifiedCache<Value> {
  const entries = new Map<string, Entry<Value>>() // least recently used first
  const loading = new Map<string, Promise<Value | undefined>>()

  options.notifications.listen(options.channel, (id) => (id === '' ? dropAll() : drop(id)))
  options.notifications.onReconnect(dropAll)

  function drop(id: string): void {
    entries.delete(id)
    loading.delete(id) // whoever asks from now on gets a load that began after the change
  }

  function dropAll(): void {
    entries.clear()
    loading.clear()
  }

  function cached(id: string): Value | undefined {
    const entry = entries.get(id)
    if (!entry) return undefined
    const ageMs = options.clock.now().getTime() - entry.askedAt
    if (ageMs < 0 || ageMs >= options.maxAgeMs) {
      entries.delete(id)
      return undefined
    }
    // the order of use matters only where something may have to go
    if (entries.size * 2 > options.maxEntries) {
      entries.delete(id)
      entries.set(id, entry)
    }
    return entry.value
  }

  async function load(id: string): Promise<Value | undefined> {
    const askedAt = options.clock.now().getTime()
    const promise = options.load(id)
    loading.set(id, promise)
    try {
      const value = await promise
      if (value !== undefined && loading.get(id) === promise) store(id, { value, askedAt })
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
