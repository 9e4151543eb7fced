/** What rooms see of PostgreSQL: statements with numbered parameters, on the pool or in a transaction. */
export interface QueryResult<Row> {
  readonly rows: Row[]
  /** Rows returned or affected. */
  readonly rowCount: number
}

/** The pool or a transaction: stores are made over either. */
export interface Queryable {
  /** Runs one statement. `bytea` is Buffer, `timestamptz` is Date, `jsonb` is parsed, `bigint` is string. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>
}

export interface Database extends Queryable {
  /** Runs `work` in one transaction with a lock timeout of 2 s; rolls back when it throws. */
  transaction<T>(work: (trx: Queryable) => Promise<T>): Promise<T>
  /** Ends the pool after the statements under way. */
  close(): Promise<void>
}

/** One LISTEN connection a process, shared by the caches. */
export interface Notifications {
  /** Calls `listener` with each payload notified on `channel`; the returned function stops that. */
  listen(channel: string, listener: (payload: string) => void): () => void
  /** Calls `listener` after every (re)connection: what was notified meanwhile was missed. */
  onReconnect(listener: () => void): () => void
  close(): Promise<void>
}
