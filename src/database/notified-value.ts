/** One value that every process holds in memory, reloaded on notifications, on reconnection and by age. */
import type { Notifications } from './database.ts'

export interface NotifiedValueOptions<Value> {
  readonly channel: string
  readonly notifications: Notifications
  /** Loads the value. `before` is the previous one or undefined; returning it means that nothing changed. */
  readonly load: (before: Value | undefined) => Promise<Value>
  /** Maximum age of the value when notifications are lost. */
  readonly maxAgeMs: number
  /** Called when a background reload fails; the old value stays in use. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface NotifiedValue<Value> {
  /** Returns the value, or undefined until the first `reload` has resolved. */
  current(): Value | undefined
  /** Resolves after a load that began after this call. */
  reload(): Promise<void>
  /** Calls `listener` with each new value. */
  onChange(listener: (value: Value) => void): void
  /** Stops the timer and the listeners. */
  close(): void
}

export function createNotifiedValue<Value>(options: NotifiedValueOptions<Value>): NotifiedValue<Value> {
  const reloadable = createReloadableValue(options.load)
  const reloadInBackground = () => void reloadable.reload().catch((error: unknown) => options.onError?.(error))
  const stopListening = options.notifications.listen(options.channel, reloadInBackground)
  const stopReconnect = options.notifications.onReconnect(reloadInBackground)
  const timer = setInterval(reloadInBackground, options.maxAgeMs)
  timer.unref()
  return {
    ...reloadable,
    close() {
      clearInterval(timer)
      stopListening()
      stopReconnect()
    },
  }
}

/** Holds a value. Loads never overlap, so that an older result cannot replace a newer one. */
function createReloadableValue<Value>(load: NotifiedValueOptions<Value>['load']) {
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
