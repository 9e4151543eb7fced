/** How this server connects to PostgreSQL, and the limits that keep every wait short. */
import pg from 'pg'
import type { Queryable, QueryResult } from './database.ts'

/** What a request may spend on one statement in all, so that its answer is there within three seconds. */
export const STATEMENT_BUDGET_MS = 2500
/** How long a connection may take, or the wait for one of the pool. */
export const CONNECT_TIMEOUT_MS = 2000
/** After this PostgreSQL itself gives a statement up: before the client does, so that the connection stays good. */
export const STATEMENT_TIMEOUT_MS = 2200
/** How long a statement in a transaction may wait for the lock of another. */
export const LOCK_TIMEOUT_MS = 2000
/** How long a transaction may stay open without a statement before PostgreSQL rolls it back. */
export const IDLE_TRANSACTION_TIMEOUT_MS = 5000

/** Settings for a connection of its own, whose statements may take long (migrations). */
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
 * Settings for a connection that serves requests. With `serverTimeouts` the limits are given when connecting, which a
 * PgBouncer refuses unless it is told to ignore them.
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
 * A pool of connections whose loss never ends this process. One in use tells of it by its statement; one that is lost
 * while it is idle is told to `onIdleLost`; and one may be lost in the very moment in which it is opened, before whoever
 * asked for it has it. Each would be an error event that nobody hears.
 */
export function openPool(config: pg.PoolConfig, onIdleLost: (error: Error) => void = () => undefined): pg.Pool {
  const pool = new pg.Pool(config)
  pool.on('error', onIdleLost)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Statements of the pool as a store sees them. */
export function overPool(pool: pg.Pool): Queryable {
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

/** A connection of the pool with its statements bounded in time. */
export interface Connection {
  query<Row>(text: string, values?: readonly unknown[]): Promise<CommandResult<Row>>
  /** Gives it back; after `error` that left it in doubt it is closed instead. */
  release(error?: unknown): void
}
