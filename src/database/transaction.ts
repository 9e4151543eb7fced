/** Transactions: short waits for locks, one statement at a time, and another try after a conflict. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, IDLE_TRANSACTION_TIMEOUT_MS, LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from './connection.ts'
import type { Queryable, QueryResult } from './database.ts'
import { DatabaseUnavailable, isConnectionLost, isRetryable, isTimeout, translate } from './errors.ts'

/** One round trip. The limits end with the transaction, so they are safe behind a PgBouncer in transaction mode. */
const BEGIN = [
  'BEGIN',
  `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`,
  `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
  `SET LOCAL idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_TIMEOUT_MS}`,
].join('; ')
const ATTEMPTS = 3

/** Runs `work` in one transaction: commits its result, or rolls back what it threw. */
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
    // PostgreSQL answers so when a statement had failed and `work` passed over it
    if (command === 'ROLLBACK') throw new TypeError('a statement failed, so the transaction was rolled back')
  } catch (error) {
    await trx.end()
    await rollback(connection, error)
    throw translate(error)
  }
  connection.release()
  return result
}

/** A connection that was lost before anything was done may be replaced by another. */
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

/** One statement at a time: a connection takes no two. After the end of the transaction it takes none at all. */
function serialised(connection: Connection): { queryable: Queryable; end(): Promise<void> } {
  let last: Promise<unknown> = Promise.resolve()
  let over = false
  return {
    queryable: {
      query<Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>> {
        if (over) return Promise.reject(new TypeError('this transaction is over'))
        const next = last.then(() => connection.query<Row>(text, values))
        last = next.catch(() => undefined)
        return next
      },
    },
    async end() {
      over = true
      await last
    },
  }
}

/** Repeats what PostgreSQL rolled back as a whole because of a deadlock or conflict; three times in all. */
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
