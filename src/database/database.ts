/**
 * The interface to PostgreSQL for other rooms: statements with numbered parameters, on the pool or in a transaction.
 */
export interface QueryResult<Row> {
  readonly rows: Row[]
  /** Rows returned or affected. */
  readonly rowCount: number
}

/** The pool or a transaction; a store works over either. */
export interface Queryable {
  /**
   * Runs one statement. `bytea` is returned as Buffer, `timestamptz` as Date, `jsonb` as parsed JSON, `bigint` as
   * string. Throws DatabaseUnavailable, or the driver's error.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>
}

export interface Database extends Queryable {
  /** Runs `work` in one transaction with a lock timeout of 2 s; rolls back when it throws. */
  transaction<T>(work: (trx: Queryable) => Promise<T>): Promise<T>
  /** Closes the pool after the running statements. */
  close(): Promise<void>
}

/** One LISTEN connection for each process, which the caches share. */
export interface Notifications {
  /** Calls `listener` with each payload on `channel`; the returned function removes the listener. */
  listen(channel: string, listener: (payload: string) => void): () => void
  /**
   * Calls `listener` after every (re)connection, because notifications sent before it were missed. The returned
   * function removes the listener.
   */
  onReconnect(listener: () => void): () => void
  close(): Promise<void>
}
