/** Runs transactions: short waits for locks, one statement at a time, and retries after a conflict. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, IDLE_TRANSACTION_TIMEOUT_MS, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from './connection.ts'
import type { Queryable, QueryResult } from './database.ts'
import { DatabaseUnavailable, isConnectionLost, isRetryable, isTimeout, translate } from './errors.ts'

/**
 * Starts a transaction in one round trip. The limits end with it, so they are safe behind PgBouncer in transaction
 * mode.
 */
const BEGIN = [
  'BEGIN',
  `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`,
  `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
  `SET LOCAL idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_TIMEOUT_MS}`,
].join('; ')
const ATTEMPTS = 3

/**
 * Runs `work` in one transaction: commits, or rolls back when it throws. Throws what `work` threw, or
 * DatabaseUnavailable.
 */
export async function inTransaction<T>(
  acquire: () => Promise<Connection>,
  work: (trx: Queryable) => Promise<T>,
): Promise<T> {
  const connection = await begin(acquire)
  const trx = serialised(connection)
  let result: T
  try {
    result = await work(trx.queryable)
    await trx.end()
    const { command } = await connection.query('COMMIT')
    // PostgreSQL answers COMMIT with ROLLBACK when a statement had failed and `work` ignored it
    if (command === 'ROLLBACK') throw new TypeError('a statement failed, so the transaction was rolled back')
  } catch (error) {
    await trx.end()
    await rollback(connection, error)
    throw translate(error)
  }
  connection.release()
  return result
}

/** Begins a transaction. If the connection was already lost, tries once with another. */
async function begin(acquire: () => Promise<Connection>): Promise<Connection> {
  for (let attempt = 1; ; attempt++) {
    const connection = await acquire()
    try {
      await connection.query(BEGIN)
      return connection
    } catch (error) {
      connection.release(error)
      if (attempt === 2 || !isConnectionLost(error) || isTimeout(error)) throw translate(error)
    }
  }
}

async function rollback(connection: Connection, reason: unknown): Promise<void> {
  if (isConnectionLost(reason)) return connection.release(reason)
  try {
    await connection.query('ROLLBACK')
    connection.release()
  } catch (error) {
    connection.release(error)
  }
}

/** Queues statements, because a connection runs one at a time, and rejects them after the transaction has ended. */
function serialised(connection: Connection): { queryable: Queryable; end(): Promise<void> } {
  let last: Promise<unknown> = Promise.resolve()
  let ended = false
  return {
    queryable: {
      query<Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>> {
        if (ended) return Promise.reject(new TypeError('this transaction is over'))
        const next = last.then(() => connection.query<Row>(text, values))
        last = next.catch(() => undefined)
        return next
      },
    },
    async end() {
      ended = true
      await last
    },
  }
}

/** Retries work that PostgreSQL rolled back because of a deadlock or conflict; three attempts in all. */
export async function withRetries<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      const conflict = error instanceof DatabaseUnavailable && isRetryable(error.cause)
      if (!conflict || attempt === ATTEMPTS) throw error
      await delay(Math.random() * 50 * attempt)
    }
  }
}
