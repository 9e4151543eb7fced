/** One connection that receives notifications until it is lost. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { directConnection } from './connection.ts'
import { translate } from './errors.ts'

export interface ListenConnection {
  /** Listens on the channels that are new; resolves when all have been subscribed. */
  listen(channels: Iterable<string>): Promise<void>
  /** Resolves when the connection is lost, which is detected within four seconds. */
  readonly lost: Promise<void>
  /** Closes the connection; waits at most half a second for the server. */
  close(): Promise<void>
}

const CHECK_EVERY_MS = 2000
const ANSWER_TIMEOUT_MS = 2000
const CLOSE_TIMEOUT_MS = 500

/** Connects and listens on no channel yet. Throws DatabaseUnavailable when it cannot connect. */
export async function openListenConnection(
  url: string,
  onNotification: (channel: string, payload: string) => void,
): Promise<ListenConnection> {
  const client = new pg.Client({ ...directConnection(url, 'signet-listen'), query_timeout: ANSWER_TIMEOUT_MS })
  const closing = new AbortController()
  const subscribed = new Set<string>()
  let last: Promise<unknown> = Promise.resolve()
  client.on('error', () => undefined) // an `end` event follows
  client.on('notification', ({ channel, payload = '' }) => onNotification(channel, payload))
  const ended = new Promise<true>((resolve) => client.once('end', () => resolve(true)))

  /** Runs one statement at a time, which is all that a connection can. */
  function ask<Row extends pg.QueryResultRow>(text: string): Promise<pg.QueryResult<Row>> {
    const answer = last.then(() => client.query<Row>(text))
    last = answer.catch(() => undefined)
    return answer
  }

  async function close(): Promise<void> {
    closing.abort()
    const end = client.end().catch(() => undefined)
    await Promise.race([end, delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
  }

  /**
   * Checks the connection regularly: it can be dead without notice, or lead to a server that became a standby and
   * receives no notifications.
   */
  async function untilLost(): Promise<void> {
    for (;;) {
      if (await Promise.race([ended, delay(CHECK_EVERY_MS, false, { signal: closing.signal, ref: false })])) return
      const { rows } = await ask<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
      if (rows[0]?.standby !== false) return
    }
  }

  try {
    await client.connect()
  } catch (error) {
    void close()
    throw translate(error)
  }
  return {
    async listen(channels) {
      const added = [...channels].filter((channel) => !subscribed.has(channel))
      await Promise.all(added.map((channel) => ask(`LISTEN ${client.escapeIdentifier(channel)}`)))
      for (const channel of added) subscribed.add(channel)
    },
    lost: untilLost().catch(() => undefined),
    close,
  }
}
