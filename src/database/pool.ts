/** The pool of connections that serves requests: every statement answers or fails within three seconds. */
import type { PoolFigures } from '#observability/metrics.ts'
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
  /** May lead through a PgBouncer in transaction mode: no connection keeps any state between two statements. */
  readonly url: string
  /** Connections at most, default 10. */
  readonly poolSize?: number
  readonly logger?: Log
  /** How the server's own views name the connections, default `signet`. */
  readonly applicationName?: string
}

export interface PooledDatabase extends Database {
  /** How busy the pool is now, for the metrics. */
  stats(): PoolFigures
}

/** A result with the command that PostgreSQL says it ran. */
const DEFAULT_POOL_SIZE = 10
const CLOSE_TIMEOUT_MS = 500
/** So much work may wait for each connection; what comes on top is refused at once. */
const WAITING_PER_CONNECTION = 200
const PGBOUNCER_REFUSAL = /unsupported startup parameter/

/** Connects lazily. Every failure of the class "cannot answer" is a DatabaseUnavailable, others are the driver's. */
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
      return bounded(await from.connect(), deadline, breaker)
    } catch (error) {
      if (serverTimeouts && PGBOUNCER_REFUSAL.test(describe(error))) {
        serverTimeouts = false
        pool = createPool(options, max, serverTimeouts) // the other is empty: nobody was let in
      }
      if (from !== pool) return acquire()
      if (isServerTimeout(error)) breaker.timedOut()
      throw translate(error)
    }
  }

  async function query<Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>> {
    const run = async () => {
      const connection = await acquire()
      return answer(connection, () => connection.query<Row>(text, values))
    }
    return withRetries(() => onceMoreIfRead(text, run))
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

/** Ends the pool and waits until its connections are closed, so that a server stopped next cuts none off. */
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

function bounded(client: pg.PoolClient, deadline: number, breaker: ReturnType<typeof createBreaker>): Connection {
  let budget: number | undefined = deadline - performance.now()
  return {
    async query<Row>(text: string, values?: readonly unknown[]): Promise<CommandResult<Row>> {
      // the wait for the connection counts for the first statement; those after it have a budget of their own
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

async function answer<T>(connection: Connection, run: () => Promise<T>): Promise<T> {
  try {
    const result = await run()
    connection.release()
    return result
  } catch (error) {
    connection.release(error)
    throw translate(error)
  }
}

/** After a restart of PostgreSQL a pooled connection may be dead already: what only reads is asked once more. */
async function onceMoreIfRead<T>(text: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const cause = error instanceof DatabaseUnavailable ? error.cause : undefined
    if (!/^\s*SELECT\b/i.test(text) || !isConnectionLost(cause) || isTimeout(cause)) throw error
    return run()
  }
}
