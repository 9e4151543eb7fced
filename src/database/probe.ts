/** A connection of its own for health checks, which a busy pool cannot starve. */
import pg from 'pg'
import { directConnection } from './connection.ts'
import { translate } from './errors.ts'

export interface DatabaseProbe {
  /** The time by the database's clock. Throws DatabaseUnavailable within two seconds when it does not answer. */
  now(): Promise<Date>
  close(): Promise<void>
}

const TIMEOUT_MS = 1400

/** Connects at the first question, and anew after a failure. Questions that come together share one answer. */
export function createProbe({ url }: { url: string }): DatabaseProbe {
  let client: pg.Client | undefined
  let asked: Promise<Date> | undefined

  async function ask(): Promise<Date> {
    try {
      client ??= await connect(url)
      const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now')
      const row = rows[0]
      if (!row) throw new TypeError('a clock has a time')
      return row.now
    } catch (error) {
      await close()
      throw translate(error)
    }
  }

  async function close(): Promise<void> {
    const old = client
    client = undefined
    old?.end().catch(() => undefined)
  }

  return {
    now() {
      asked ??= ask().finally(() => {
        asked = undefined
      })
      return asked
    },
    close,
  }
}

async function connect(url: string): Promise<pg.Client> {
  const settings = directConnection(url, 'signet-health')
  const client = new pg.Client({ ...settings, connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS })
  client.on('error', () => undefined) // a lost connection shows in the next question
  await client.connect()
  return client
}
