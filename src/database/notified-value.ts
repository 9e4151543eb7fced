/** One value that every process holds in memory, read again on notifications, after reconnections and by age. */
import type { Notifications } from './database.ts'

export interface NotifiedValueOptions<Value> {
  readonly channel: string
  readonly notifications: Notifications
  /** Reads the value; what it had before, or undefined. Returning `before` itself says: nothing changed. */
  readonly load: (before: Value | undefined) => Promise<Value>
  /** How old the value may be when notifications are lost. */
  readonly maxAgeMs: number
  /** Told when the value could not be read again in the background; the old one stays in use meanwhile. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface NotifiedValue<Value> {
  /** Undefined until the first `reload` resolved. */
  current(): Value | undefined
  /** Resolves after a read that began after the call. */
  reload(): Promise<void>
  /** Calls `listener` with each new value. */
  onChange(listener: (value: Value) => void): void
  /** Stops following changes. */
  close(): void
}

export function createNotifiedValue<Value>(options: NotifiedValueOptions<Value>): NotifiedValue<Value> {
  const held = createHeldValue(options.load)
  const again = () => void held.reload().catch((error: unknown) => options.onError?.(error))
  const stopListening = options.notifications.listen(options.channel, again)
  const stopReconnect = options.notifications.onReconnect(again)
  const timer = setInterval(again, options.maxAgeMs)
  timer.unref()
  return {
    ...held,
    close() {
      clearInterval(timer)
      stopListening()
      stopReconnect()
    },
  }
}

/** Reads never overlap, so that an older one cannot replace a newer one. */
function createHeldValue<Value>(load: NotifiedValueOptions<Value>['load']) {
  const listeners: ((value: Value) => void)[] = []
  let value: Value | undefined
  let reading: Promise<void> | undefined
  let waiting: Promise<void> | undefined

  async function read(): Promise<void> {
    const loaded = await load(value)
    if (loaded === value) return
    value = loaded
    for (const listener of listeners) listener(loaded)
  }

  function start(): Promise<void> {
    reading = read().finally(() => {
      reading = undefined
    })
    return reading
  }

  return {
    current: () => value,
    onChange: (listener: (value: Value) => void) => void listeners.push(listener),
    reload(): Promise<void> {
      if (!reading) return start()
      waiting ??= reading
        .catch(() => undefined)
        .then(() => {
          waiting = undefined
          return reading ?? start()
        })
      return waiting
    },
  }
}
