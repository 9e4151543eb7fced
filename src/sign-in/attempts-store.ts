/** Counts failed proofs by account and address. Reads and writes the table sign_in_attempts: failures by account. */
import type { Queryable } from '#database/database.ts'
import { type BudgetKey, createBudgetsStore, createEasingStore, noneIsFull, spending } from './budgets-store.ts'

/**
 * The limit for one account, or the text that was typed as its identifier. After `free` failures, each further one
 * doubles the wait, from one second up to `longest` seconds. The count starts over after `window` seconds without a
 * failure.
 */
export const LIMIT = { free: 10, longest: 900, window: 86_400 } as const

const WAIT = (failures: string) =>
  `make_interval(secs => least(${LIMIT.longest}, power(2, least(${failures} - ${LIMIT.free}, 30))))`
const FAILURES = `CASE WHEN a.last_at < clock_timestamp() - make_interval(secs => ${LIMIT.window})
  THEN 1 ELSE a.failures + 1 END`
// A statement that waited for the row lock sees the updated row, so concurrent attempts cannot exceed the limit.
const BEGIN = `WITH counted AS (
    INSERT INTO sign_in_attempts AS a (key, kind, failures, last_at)
    SELECT $1::bytea, 'who', 1, clock_timestamp() WHERE $1 IS NOT NULL AND ${noneIsFull('$2')}
    ON CONFLICT (key) DO UPDATE SET failures = ${FAILURES}, last_at = clock_timestamp(),
      blocked_until = CASE WHEN ${FAILURES} >= ${LIMIT.free} THEN clock_timestamp() + ${WAIT(`(${FAILURES})`)} END
      WHERE a.blocked_until IS NULL OR a.blocked_until <= clock_timestamp()
    RETURNING last_at::text AS at),
  spent AS (${spending('$2', '$3', `($1 IS NULL OR EXISTS (SELECT FROM counted)) AND ${noneIsFull('$2')}`)})
  SELECT (SELECT at FROM counted) AS at, ARRAY(SELECT key FROM spent) AS spent`
// The wait before this attempt was over, so without a later one there is none; a later one waits one step less.
const UNDO = `UPDATE sign_in_attempts SET failures = failures - 1, blocked_until = CASE
    WHEN last_at = $2::timestamptz OR failures - 1 < ${LIMIT.free} THEN NULL
    ELSE least(blocked_until, last_at + ${WAIT('failures - 1')}) END
  WHERE key = $1 AND failures > 0`

/** What an attempt is counted by. */
export interface AttemptKeys {
  /** The account; undefined if the proof itself finds it. */
  readonly who: Buffer | undefined
  readonly budgets: readonly BudgetKey[]
}

/** A counted attempt, which can be taken back. */
export interface Counted extends AttemptKeys {
  /** When the failure of `who` was counted, as PostgreSQL writes it: with microseconds. */
  readonly at: string | null
}

export function createAttemptsStore(db: Queryable) {
  const budgetsStore = createBudgetsStore(db)
  const easing = createEasingStore(db)

  async function undo({ who, at, budgets }: Counted): Promise<void> {
    if (who && at !== null) await db.query(UNDO, [who, at])
    if (budgets.length > 0) await budgetsStore.takeBack(budgets)
  }

  /** Returns the seconds until the account is no longer blocked. */
  async function secondsBlocked(who: Buffer | undefined): Promise<number> {
    const { rows } = await db.query<{ seconds: number }>(
      `SELECT ceil(extract(epoch FROM blocked_until - clock_timestamp()))::int AS seconds
       FROM sign_in_attempts WHERE key = $1 AND blocked_until > clock_timestamp()`,
      [who],
    )
    return rows[0]?.seconds ?? 0
  }

  return {
    /** Counts a failure by each of the keys, or by none: then returns the seconds to wait. One statement decides. */
    async begin({ who, budgets }: AttemptKeys): Promise<{ readonly counted: Counted } | { readonly seconds: number }> {
      const { rows } = await db.query<{ at: string | null; spent: Buffer[] }>(BEGIN, [
        who,
        budgets.map(({ key }) => key),
        budgets.map(({ kind }) => kind),
      ])
      const { at, spent } = rows[0] as (typeof rows)[0]
      const counted = { who, at, budgets: budgets.filter(({ key }) => spent.some((one) => one.equals(key))) }
      if ((!who || at !== null) && counted.budgets.length === budgets.length) return { counted }
      // a concurrent attempt was faster at one of the keys
      await undo(counted)
      // the wait may have ended since the statement
      return { seconds: Math.max(1, await secondsBlocked(who), await budgetsStore.secondsUntilRoom(budgets)) }
    },

    undo,

    /** Clears the failures of the account, after the proof succeeded, and takes back one count of each budget. */
    async succeeded({ who, budgets }: Counted): Promise<void> {
      if (who) await db.query('DELETE FROM sign_in_attempts WHERE key = $1', [who])
      if (budgets.length > 0) await budgetsStore.takeBack(budgets)
    },

    /** Takes back further counts of the budgets, if the account did not do so within an hour. */
    async ease(budgets: readonly BudgetKey[], account: Buffer): Promise<void> {
      if (budgets.length === 0 || !(await easing.canEase(budgets))) return
      if (await easing.claim(account)) await easing.ease(budgets)
    },

    /** Deletes a limited number of expired rows. Returns how many, by table. */
    async removeExpired() {
      const { rowCount } = await db.query(
        `DELETE FROM sign_in_attempts WHERE key IN (
           SELECT key FROM sign_in_attempts WHERE last_at < clock_timestamp() - make_interval(secs => $1)
           LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
        [LIMIT.window],
      )
      return { sign_in_attempts: rowCount, sign_in_budgets: await budgetsStore.removeExpired() }
    },
  }
}
