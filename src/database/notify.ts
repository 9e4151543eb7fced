/**
 * Sends and receives notifications between processes, over one LISTEN connection for each process that reconnects when
 * lost.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Notifications, Queryable } from './database.ts'
import { describe, translate } from './errors.ts'
import { type ListenConnection, openListenConnection } from './listen-connection.ts'
import type { Log } from '#shared/log.ts'

export interface NotificationOptions {
  /** A direct connection: LISTEN does not work through PgBouncer in transaction mode. */
  readonly url: string
  readonly logger?: Log
}

const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 1000

/** Notifies `channel`. Inside a transaction, PostgreSQL sends the notification at commit. */
export async function notify(db: Queryable, channel: string, payload: string): Promise<void> {
  await db.query('SELECT pg_notify($1, $2)', [channel, payload])
}

/** Connects, and reconnects until closed. Throws DatabaseUnavailable when the first connection fails. */
export async function createNotifications(options: NotificationOptions): Promise<Notifications> {
  const hub = new NotificationHub(options)
  await hub.open()
  return hub
}

class NotificationHub implements Notifications {
  readonly #options: NotificationOptions
  readonly #listeners = new Map<string, Set<(payload: string) => void>>()
  readonly #reconnectListeners = new Set<() => void>()
  readonly #closed = new AbortController()
  #connection: ListenConnection | undefined
  #connected: Promise<void> | undefined

  constructor(options: NotificationOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    await this.#connect()
    this.#connected = this.#keepConnected()
  }

  listen(channel: string, listener: (payload: string) => void): () => void {
    const known = this.#listeners.get(channel) ?? new Set()
    const isNew = known.size === 0
    this.#listeners.set(channel, known.add(listener))
    if (isNew) void this.#listenLate()
    return () => known.delete(listener)
  }

  onReconnect(listener: () => void): () => void {
    this.#reconnectListeners.add(listener)
    return () => this.#reconnectListeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#connection?.close()
    await this.#connected
  }

  /**
   * Subscribes a channel added after connecting. Notifications before the LISTEN were missed, as after a reconnection.
   */
  async #listenLate(): Promise<void> {
    const connection = this.#connection
    try {
      await connection?.listen(this.#listeners.keys())
      this.#tellReconnected()
    } catch {
      await connection?.close() // the next connection listens on all channels
    }
  }

  async #connect(): Promise<void> {
    const connection = await openListenConnection(this.#options.url, (channel, payload) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload)
    })
    this.#connection = connection
    try {
      await connection.listen(this.#listeners.keys())
    } catch (error) {
      await connection.close()
      throw translate(error)
    }
  }

  async #keepConnected(): Promise<void> {
    for (;;) {
      await this.#connection?.lost
      await this.#connection?.close()
      if (this.#closed.signal.aborted) return
      this.#options.logger?.warn({}, 'lost the connection for notifications')
      if (!(await this.#reconnect())) return
      this.#options.logger?.info({}, 'listening for notifications again')
      this.#tellReconnected()
    }
  }

  /** Retries until connected. Returns false when closed meanwhile. */
  async #reconnect(): Promise<boolean> {
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS)) {
      await delay(backoff * (0.5 + Math.random() / 2), undefined, { signal: this.#closed.signal, ref: false }).catch(
        () => undefined,
      )
      if (this.#closed.signal.aborted) return false
      try {
        await this.#connect()
        if (!this.#closed.signal.aborted) return true
        await this.#connection?.close()
        return false
      } catch (error) {
        this.#options.logger?.debug({ reason: describe(error) }, 'no connection for notifications yet')
      }
    }
  }

  #tellReconnected(): void {
    for (const listener of this.#reconnectListeners) listener()
  }
}
