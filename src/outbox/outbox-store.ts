/** The SQL of the outbox: work that is to be done once its cause is committed, kept in PostgreSQL until it is done. */
import type { Queryable } from '#database/database.ts'

export interface OutboxEntry {
  /** Which task does it; see outbox-runner.ts. */
  readonly task: string
  /** What the task is told: JSON without secrets in the clear, for it stands in the database. */
  readonly payload: Readonly<Record<string, unknown>>
  /** How often it is tried at most. */
  readonly maxAttempts: number
}

/** Adds work in the transaction of its cause: with a rollback it never was. */
export async function addToOutbox(trx: Queryable, { task, payload, maxAttempts }: OutboxEntry): Promise<void> {
  await trx.query('SELECT outbox_add($1, $2::json, $3)', [task, JSON.stringify(payload), maxAttempts])
}

/**
 * Gives back the work of processes that died with it: every task is over within its time, so a process whose youngest
 * lock is older than `leaseMs` does none any more. What was tried to the end is taken away.
 */
export async function tidyOutbox(db: Queryable, leaseMs: number): Promise<void> {
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
