/** One connection that hears notifications, for as long as it lasts. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { directConnection } from './connection.ts'
import { translate } from './errors.ts'

export interface ListenConnection {
  /** Listens on those channels that it does not hear yet; resolves when it hears them all. */
  listen(channels: Iterable<string>): Promise<void>
  /** Resolves when the connection is of no more use, found out within four seconds. */
  readonly lost: Promise<void>
  /** Closes; a server that is gone is not waited for. */
  close(): Promise<void>
}

const CHECK_EVERY_MS = 2000
const ANSWER_TIMEOUT_MS = 2000
const CLOSE_TIMEOUT_MS = 500

/** Throws DatabaseUnavailable when it cannot connect. */
export async function openListenConnection(
  url: string,
  onNotification: (channel: string, payload: string) => void,
): Promise<ListenConnection> {
  const client = new pg.Client({ ...directConnection(url, 'signet-listen'), query_timeout: ANSWER_TIMEOUT_MS })
  const closing = new AbortController()
  const heard = new Set<string>()
  let last: Promise<unknown> = Promise.resolve()
  client.on('error', () => undefined) // the end of the connection follows
  client.on('notification', ({ channel, payload = '' }) => onNotification(channel, payload))
  const ended = new Promise<true>((resolve) => client.once('end', () => resolve(true)))

  /** A connection takes one statement at a time. */
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

  /** A connection may be dead without notice, or lead to a server that became a standby and hears nothing any more. */
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
      const unheard = [...channels].filter((channel) => !heard.has(channel))
      await Promise.all(unheard.map((channel) => ask(`LISTEN ${client.escapeIdentifier(channel)}`)))
      for (const channel of unheard) heard.add(channel)
    },
    lost: untilLost().catch(() => undefined),
    close,
  }
}
