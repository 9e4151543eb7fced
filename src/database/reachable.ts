/** Waits for PostgreSQL at start, and explains in one sentence why it cannot be used. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { directConnection } from './connection.ts'
import { DatabaseStartError, DatabaseUnavailable, describe, sqlState } from './errors.ts'
import type { Log } from '#shared/log.ts'

const OLDEST_VERSION = 14
const RETRY_MS = 500
/** How long a start waits for PostgreSQL. */
export const START_PATIENCE_MS = 30_000

interface StartConnection {
  readonly applicationName?: string
  /** How long to try again while PostgreSQL does not answer; by default, there is one attempt. */
  readonly timeoutMs?: number
  readonly logger?: Log | undefined
}

/**
 * Resolves as soon as PostgreSQL at `url` answers. Throws DatabaseStartError after `timeoutMs`, or at once when waiting
 * cannot help (wrong password, no such database, TLS refused, a version before 14).
 */
export async function waitForDatabase(url: string, timeoutMs: number = START_PATIENCE_MS, logger?: Log): Promise<void> {
  const client = await connectAtStart(url, { timeoutMs, logger })
  await client.end()
}

/** Opens a dedicated connection. Throws DatabaseStartError as `waitForDatabase` does. */
export async function connectAtStart(
  url: string,
  { applicationName = 'signet', timeoutMs = 0, logger }: StartConnection = {},
): Promise<pg.Client> {
  const deadline = Date.now() + timeoutMs
  for (let logged = false; ; logged = true) {
    try {
      return await connect(url, applicationName)
    } catch (error) {
      const permanent = error instanceof DatabaseStartError ? error : permanentError(url, error)
      if (permanent) throw permanent
      if (Date.now() + RETRY_MS > deadline) throw unreachable(url, error, timeoutMs)
      if (!logged) logger?.warn({ reason: describe(error) }, `waiting for PostgreSQL at ${hostAndPort(url)}`)
    }
    await delay(RETRY_MS)
  }
}

/**
 * Runs a step of the start, and runs it again while PostgreSQL does not answer, for up to 30 seconds: on a busy machine
 * an answer may take longer than a request would wait. Each start repeats its steps, so they are safe to repeat. Throws
 * the step's error.
 */
export async function untilAnswered<T>(step: () => Promise<T>, logger: Log): Promise<T> {
  const deadline = Date.now() + START_PATIENCE_MS
  for (let logged = false; ; logged = true) {
    try {
      return await step()
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || Date.now() > deadline) throw error
      if (!logged) logger.warn({ reason: describe(error.cause) }, 'PostgreSQL does not answer yet: the start waits')
    }
    await delay(RETRY_MS)
  }
}

/** Opens a dedicated connection to a server of a supported version. Throws DatabaseStartError or the driver's error. */
async function connect(url: string, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client(directConnection(url, applicationName))
  client.on('error', () => undefined) // the next statement reports a lost connection
  try {
    await client.connect()
    const shown = await client.query<{ server_version_num: string }>('SHOW server_version_num')
    const major = Math.floor(Number(shown.rows[0]?.server_version_num) / 10_000)
    if (major < OLDEST_VERSION) {
      throw new DatabaseStartError(
        `PostgreSQL at ${hostAndPort(url)} is version ${major}, and Signet needs ${OLDEST_VERSION} or later: upgrade it, or set DATABASE_URL to another server.`,
      )
    }
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

function permanentError(url: string, cause: unknown): DatabaseStartError | undefined {
  const state = sqlState(cause)
  const reason = describe(cause)
  if (state === '28P01') {
    return new DatabaseStartError(
      `PostgreSQL at ${hostAndPort(url)} refuses the password of the user "${userOf(url)}": correct it in DATABASE_URL.`,
      { cause },
    )
  }
  if (state === '28000') {
    return new DatabaseStartError(
      `PostgreSQL at ${hostAndPort(url)} does not let the user "${userOf(url)}" in (${reason}): correct DATABASE_URL or the server's pg_hba.conf.`,
      { cause },
    )
  }
  if (state === '3D000') {
    return new DatabaseStartError(
      `PostgreSQL at ${hostAndPort(url)} has no such database (${reason}): create it, or correct DATABASE_URL.`,
      { cause },
    )
  }
  if (/certificate|does not support SSL|altname/i.test(reason)) {
    return new DatabaseStartError(
      `PostgreSQL at ${hostAndPort(url)} cannot be reached over TLS (${reason}): correct sslmode and sslrootcert in DATABASE_URL.`,
      { cause },
    )
  }
  return undefined
}

function unreachable(url: string, cause: unknown, waitedMs: number): DatabaseStartError {
  const waited = waitedMs > 0 ? ` within ${Math.round(waitedMs / 1000)} seconds` : ''
  return new DatabaseStartError(
    `PostgreSQL at ${hostAndPort(url)} did not answer${waited} (${describe(cause)}): start it, or correct DATABASE_URL.`,
    { cause },
  )
}

/** Returns host and port of a connection URL, without its password. */
function hostAndPort(url: string): string {
  const { host, port } = new pg.Client(url)
  return host.startsWith('/') ? host : `${host}:${port}`
}

function userOf(url: string): string {
  return new pg.Client(url).user ?? ''
}
