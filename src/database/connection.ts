/** Connection settings for PostgreSQL, and the limits that keep every wait short. */
import pg from 'pg'
import type { Queryable, QueryResult } from './database.ts'

/** Total time for one statement of a request, so that its answer arrives within three seconds. */
export const STATEMENT_BUDGET_MS = 2500
/** Time limit for connecting, and for getting a connection from the pool. */
export const CONNECT_TIMEOUT_MS = 2000
/** When PostgreSQL cancels a statement: before the client gives up, so that the connection stays usable. */
export const STATEMENT_TIMEOUT_MS = 2200
/** How long a statement may wait for a lock that another transaction holds. */
export const LOCK_TIMEOUT_MS = 2000
/** How long a transaction may stay open without a statement before PostgreSQL rolls it back. */
export const IDLE_TRANSACTION_TIMEOUT_MS = 5000

/** Returns settings for a dedicated connection, whose statements may take long (migrations). */
export function directConnection(url: string, applicationName: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
  }
}

/**
 * Returns settings for a connection that serves requests. `serverTimeouts` sends the limits as startup parameters,
 * which PgBouncer refuses unless it is configured to ignore them.
 */
export function requestConnection(url: string, applicationName: string, serverTimeouts: boolean): pg.ClientConfig {
  const timeouts = {
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
  }
  return { ...directConnection(url, applicationName), ...(serverTimeouts && timeouts) }
}

/**
 * Opens a pool whose lost connections never crash this process: an error event without a listener would. A lost
 * connection in use fails its statement; a lost idle one is passed to `onIdleLost`; a connection can also be lost
 * between opening and its first use.
 */
export function openPool(config: pg.PoolConfig, onIdleLost: (error: Error) => void = () => undefined): pg.Pool {
  const pool = new pg.Pool(config)
  pool.on('error', onIdleLost)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Wraps a pool as a Queryable. */
export function queryableOf(pool: pg.Pool): Queryable {
  return {
    async query(text, values) {
      const { rows, rowCount } = await pool.query(text, values as unknown[])
      return { rows: rows as never[], rowCount: rowCount ?? 0 }
    },
  }
}

export interface CommandResult<Row> extends QueryResult<Row> {
  readonly command: string
}

/** A connection of the pool whose statements have a time limit. */
export interface Connection {
  query<Row>(text: string, values?: readonly unknown[]): Promise<CommandResult<Row>>
  /** Returns the connection to the pool, or closes it when `error` left its state in doubt. */
  release(error?: unknown): void
}
