/** The connection pool for requests: every statement is answered or fails within three seconds. */
import type { PoolStats } from '#observability/metrics.ts'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { createBreaker } from './breaker.ts'
import {
  type CommandResult,
  type Connection,
  CONNECT_TIMEOUT_MS,
  openPool,
  requestConnection,
  STATEMENT_BUDGET_MS,
} from './connection.ts'
import type { Database, Queryable, QueryResult } from './database.ts'
import {
  DatabaseUnavailable,
  describe,
  isConnectionLost,
  isServerTimeout,
  isTimeout,
  sqlState,
  translate,
} from './errors.ts'
import type { Log } from '#shared/log.ts'
import { inTransaction, withRetries } from './transaction.ts'

export interface DatabaseOptions {
  /** May point to PgBouncer in transaction mode: no connection keeps state between two statements. */
  readonly url: string
  /** Maximum number of connections, default 10. */
  readonly poolSize?: number
  readonly logger?: Log
  /** The `application_name` of the connections, default `signet`. */
  readonly applicationName?: string
}

export interface PooledDatabase extends Database {
  /** Returns the use of the pool, for the metrics. */
  stats(): PoolStats
}

const DEFAULT_POOL_SIZE = 10
const CLOSE_TIMEOUT_MS = 500
/** How many callers may wait for each connection; more are refused at once. */
const WAITING_PER_CONNECTION = 200
const PGBOUNCER_REFUSAL = /unsupported startup parameter/

/**
 * Creates the pool; connects on the first statement. Throws DatabaseUnavailable when PostgreSQL cannot answer,
 * otherwise the driver's error.
 */
export function createDatabase(options: DatabaseOptions): PooledDatabase {
  const max = options.poolSize ?? DEFAULT_POOL_SIZE
  const breaker = createBreaker()
  let serverTimeouts = true
  let closing: Promise<void> | undefined
  let pool = createPool(options, max, serverTimeouts)

  async function acquire(): Promise<Connection> {
    if (!breaker.admits()) throw new DatabaseUnavailable(new Error('PostgreSQL has not answered in time lately'))
    if (pool.waitingCount >= max * WAITING_PER_CONNECTION) {
      throw new DatabaseUnavailable(new Error('too much work waits for a connection'))
    }
    const deadline = performance.now() + STATEMENT_BUDGET_MS
    const from = pool
    try {
      return withTimeLimit(await from.connect(), deadline, breaker)
    } catch (error) {
      if (serverTimeouts && PGBOUNCER_REFUSAL.test(describe(error))) {
        serverTimeouts = false
        pool = createPool(options, max, serverTimeouts) // the old pool is empty, because every connection was refused
      }
      if (from !== pool) return acquire()
      if (isServerTimeout(error)) breaker.timedOut()
      throw translate(error)
    }
  }

  async function query<Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>> {
    const run = async () => {
      const connection = await acquire()
      return runAndRelease(connection, () => connection.query<Row>(text, values))
    }
    return withRetries(() => retryRead(text, run))
  }

  async function transaction<T>(work: (trx: Queryable) => Promise<T>): Promise<T> {
    return withRetries(() => inTransaction(acquire, work))
  }

  return {
    query,
    transaction,
    close: () => (closing ??= closePool(pool)),
    stats: () => ({
      used: pool.totalCount - pool.idleCount,
      free: pool.idleCount,
      pending: pool.waitingCount,
      max,
    }),
  }
}

/** Closes the pool and waits for its connections to close, so that a server stopped next cuts none off. */
async function closePool(pool: pg.Pool): Promise<void> {
  let open = pool.totalCount
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  if (open === 0) resolve()
  pool.on('remove', () => (open -= 1) === 0 && resolve())
  await pool.end()
  await Promise.race([closed, delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
}

function createPool(options: DatabaseOptions, max: number, serverTimeouts: boolean): pg.Pool {
  let lastLogged = -Infinity
  const config = {
    ...requestConnection(options.url, options.applicationName ?? 'signet', serverTimeouts),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    max,
    idleTimeoutMillis: 30_000,
  }
  return openPool(config, (error) => {
    if (performance.now() - lastLogged < 1000) return
    lastLogged = performance.now()
    options.logger?.warn({ reason: describe(error) }, 'lost connections to PostgreSQL')
  })
}

function withTimeLimit(client: pg.PoolClient, deadline: number, breaker: ReturnType<typeof createBreaker>): Connection {
  let budget: number | undefined = deadline - performance.now()
  return {
    async query<Row>(text: string, values?: readonly unknown[]): Promise<CommandResult<Row>> {
      // the wait for the connection counts towards the first statement; later ones have a budget of their own
      const query = { text, values: values as unknown[], query_timeout: Math.max(100, budget ?? STATEMENT_BUDGET_MS) }
      budget = undefined
      try {
        const result = await client.query(query)
        breaker.succeeded()
        return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0, command: result.command }
      } catch (error) {
        if (isServerTimeout(error)) breaker.timedOut()
        else if (sqlState(error) !== undefined) breaker.succeeded()
        throw error
      }
    },
    release(error) {
      client.release(isConnectionLost(error))
    },
  }
}

async function runAndRelease<T>(connection: Connection, run: () => Promise<T>): Promise<T> {
  try {
    const result = await run()
    connection.release()
    return result
  } catch (error) {
    connection.release(error)
    throw translate(error)
  }
}

/** Repeats a SELECT once if its connection was lost: pooled connections are dead after a restart of PostgreSQL. */
async function retryRead<T>(text: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const cause = error instanceof DatabaseUnavailable ? error.cause : undefined
    if (!/^\s*SELECT\b/i.test(text) || !isConnectionLost(cause) || isTimeout(cause)) throw error
    return run()
  }
}
