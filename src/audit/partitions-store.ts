/** SQL for the monthly partitions of `audit_events`: made in advance, dropped when all their events are old enough. */
import type { Database, Queryable } from '#database/database.ts'
import { DatabaseUnavailable, sqlState } from '#database/errors.ts'
import { SYSTEM } from './audit.ts'
import { createAuditStore } from './audit-store.ts'

/** How many months in advance partitions are made. Events outside of them are stored in `audit_events_default`. */
const AHEAD = 3
/** One process at a time makes or drops partitions: an arbitrary number, the same in all releases. */
const LOCK = 7_436_118_266
const LOCK_TIMEOUT_MS = 100
const LOCK_NOT_AVAILABLE = '55P03'
/** The upper bound in the definition of a partition; the default partition has none. */
const BOUND = `substring(pg_get_expr(relpartbound, oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz`

export interface PartitionChanges {
  readonly made: readonly string[]
  readonly dropped: readonly string[]
}

interface Month {
  name: string
  from: string
  to: string
}

/**
 * Makes the partitions of the coming months, and drops those whose last event is older than `days`. Needs the role that
 * owns the schema. Several processes can run it at once.
 */
export async function tendPartitions(db: Database, days: number): Promise<PartitionChanges> {
  const made: string[] = []
  const dropped: string[] = []
  for (const month of await missingMonths(db)) if (await make(db, month)) made.push(month.name)
  for (const name of await oldPartitions(db, days)) if (await drop(db, name, days)) dropped.push(name)
  return { made, dropped }
}

async function missingMonths(db: Queryable): Promise<Month[]> {
  const { rows } = await db.query<Month>(
    `SELECT to_char(month, '"audit_events_"YYYY_MM') AS name,
       to_char(month, 'YYYY-MM-DD"T00:00:00Z"') AS from,
       to_char(month + interval '1 month', 'YYYY-MM-DD"T00:00:00Z"') AS to
     FROM date_trunc('month', now() AT TIME ZONE 'UTC') AS present,
       generate_series(present, present + make_interval(months => $1), interval '1 month') AS month
     WHERE to_regclass(to_char(month, '"audit_events_"YYYY_MM')) IS NULL
       -- the first partition reaches beyond the month in which it was made
       AND month AT TIME ZONE 'UTC' >= coalesce(
         (SELECT ${BOUND} FROM pg_class WHERE oid = to_regclass('audit_events_first')), '-infinity')`,
    [AHEAD],
  )
  return rows
}

/** Moves events that were stored before their partition existed from the default partition to it. */
async function make(db: Database, { name, from, to }: Month): Promise<boolean> {
  return alone(db, async (trx) => {
    if (await exists(trx, name)) return false
    await trx.query(`CREATE TABLE ${name} (LIKE audit_events INCLUDING DEFAULTS)`)
    await trx.query('LOCK TABLE audit_events_default IN ACCESS EXCLUSIVE MODE')
    await trx.query(
      `WITH moved AS (DELETE FROM audit_events_default WHERE at >= $1 AND at < $2 RETURNING *)
       INSERT INTO ${name} SELECT * FROM moved`,
      [from, to],
    )
    await trx.query(`ALTER TABLE audit_events ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`)
    return true
  })
}

async function oldPartitions(db: Queryable, days: number): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class JOIN pg_inherits ON oid = inhrelid
     WHERE inhparent = 'audit_events'::regclass AND ${BOUND} < now() - make_interval(days => $1)
     ORDER BY ${BOUND}`,
    [days],
  )
  return rows.map(({ name }) => name)
}

async function drop(db: Database, name: string, days: number): Promise<boolean> {
  return alone(db, async (trx) => {
    if (!(await exists(trx, name))) return false
    await trx.query(`DROP TABLE ${name}`)
    await createAuditStore(trx).insert([
      {
        ...SYSTEM,
        type: 'audit.events_removed',
        outcome: 'success',
        detail: { partition: name, retention_days: days },
      },
    ])
    return true
  })
}

/**
 * Runs `work`, unless another process does or a table is in use, for example by a backup; the next run tries again.
 * Inserts queue behind a statement that waits for a table lock, so it waits only briefly.
 */
async function alone(db: Database, work: (trx: Queryable) => Promise<boolean>): Promise<boolean> {
  try {
    return await db.transaction(async (trx) => {
      await trx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`)
      const { rows } = await trx.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS taken', [LOCK])
      return rows[0]?.taken === true && work(trx)
    })
  } catch (error) {
    if (error instanceof DatabaseUnavailable && sqlState(error.cause) === LOCK_NOT_AVAILABLE) return false
    throw error
  }
}

async function exists(trx: Queryable, name: string): Promise<boolean> {
  const { rows } = await trx.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [name])
  return rows[0]?.found === true
}
