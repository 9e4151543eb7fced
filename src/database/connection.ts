/** How this server connects to PostgreSQL, and the limits that keep every wait short. */
import type pg from 'pg'

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
