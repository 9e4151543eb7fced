/** The SQL of the outbox: work to do after a commit, stored in PostgreSQL until it is done. */
import type { Queryable } from '#database/database.ts'

export interface OutboxEntry {
  /** The name of the task that does the work; see runner.ts. */
  readonly task: string
  /** The input of the task, as JSON. It is stored in the database, so it contains no secrets in plain text. */
  readonly payload: Readonly<Record<string, unknown>>
  /** The maximum number of attempts. */
  readonly maxAttempts: number
  /** Names the work: added again, it replaces what still waits under this name. */
  readonly key?: string
  /** Work with a lower number is done first; 0 by default. */
  readonly priority?: number
}

/** In one order, so that transactions that add work with the same keys do not deadlock. */
const ADD = `SELECT outbox_add(e.task, e.payload, e."maxAttempts", e.key, e.priority)
  FROM (SELECT * FROM json_to_recordset($1::json)
          AS given (task text, payload json, "maxAttempts" integer, key text, priority integer)
        ORDER BY key) AS e`

/** Adds work in the transaction of its cause, with one statement: a rollback removes it. */
export async function addToOutbox(trx: Queryable, ...entries: readonly OutboxEntry[]): Promise<void> {
  await trx.query(ADD, [JSON.stringify(entries.map((entry) => ({ priority: 0, ...entry })))])
}

/**
 * Releases the jobs of processes that died, and deletes jobs that have used up their attempts. Every task has a time
 * limit, so a process whose newest lock is older than `leaseMs` is dead.
 */
export async function releaseDeadJobs(db: Queryable, leaseMs: number): Promise<void> {
  await db.query(
    `SELECT graphile_worker.force_unlock_workers(array_agg(dead.locked_by))
       FROM (SELECT locked_by FROM graphile_worker.jobs WHERE locked_by IS NOT NULL GROUP BY locked_by
             HAVING max(locked_at) < now() - $1 * interval '1 millisecond') AS dead
     HAVING count(*) > 0`,
    [leaseMs],
  )
  await db.query(
    `SELECT FROM graphile_worker.complete_jobs(
       ARRAY(SELECT id FROM graphile_worker.jobs WHERE attempts >= max_attempts AND locked_at IS NULL))`,
  )
}
