/** Reads and writes the table sign_in_budgets: leaky buckets of addresses, networks and clients, shared by all nodes. */
import type { Queryable } from '#database/database.ts'

/** Each bucket holds `size` counts, of which one leaks out every `leak` seconds. */
export const BUDGETS = {
  /** One IPv4 address, or an IPv6 network of 64 bits: a household, or an office behind one address. */
  address: { size: 50, leak: 60 },
  /** An IPv4 network of 24 bits, or an IPv6 network of 48. */
  network: { size: 500, leak: 6 },
  /** A client that presents what people tell it. */
  client: { size: 500, leak: 6 },
} as const

/** What a successful sign-in takes back beyond its own count. */
export const EASING = {
  counts: 20,
  /** How often an hour for each bucket. Each account does so once an hour. */
  perHour: 5,
} as const

export interface BudgetKey {
  readonly kind: keyof typeof BUDGETS
  readonly key: Buffer
}

const byKind = (kind: string, text: (budget: (typeof BUDGETS)[BudgetKey['kind']]) => number) =>
  `make_interval(secs => CASE ${kind} ${Object.entries(BUDGETS)
    .map(([name, budget]) => `WHEN '${name}' THEN ${text(budget)}`)
    .join(' ')} END)`
/** The time that one count adds. */
const COUNT = (kind: string) => byKind(kind, ({ leak }) => leak)
/** The fullest bucket that takes one more count. */
const ROOM = (kind: string) => byKind(kind, ({ size, leak }) => (size - 1) * leak)
const LAST_HOUR = `unnest(eased_at) AS at WHERE at > clock_timestamp() - interval '1 hour'`
const CAN_EASE = `empties_at > clock_timestamp() AND (SELECT count(*) FROM ${LAST_HOUR}) < ${EASING.perHour}`

/** A condition that no bucket of `$keys` is full, to be asked before anything is written. */
export const noneIsFull = (keys: string): string =>
  `NOT EXISTS (SELECT FROM sign_in_budgets WHERE key = ANY (${keys}) AND empties_at > clock_timestamp() + ${ROOM('kind')})`

/**
 * A statement that counts in each bucket of the parameters `keys` and `kinds` that has room, if `condition` holds, and
 * returns the keys. A statement that waited for the row lock sees the updated row, so concurrent ones never overfill
 * it; all lock in the same order.
 */
export const spending = (keys: string, kinds: string, condition: string): string =>
  `INSERT INTO sign_in_budgets AS b (key, kind, empties_at)
   SELECT key, kind, clock_timestamp() + ${COUNT('kind')}
   FROM unnest(${keys}::bytea[], ${kinds}::text[]) AS given (key, kind) WHERE ${condition} ORDER BY key
   ON CONFLICT (key) DO UPDATE
     SET empties_at = greatest(b.empties_at, clock_timestamp()) + ${COUNT('b.kind')}
     WHERE b.empties_at <= clock_timestamp() + ${ROOM('b.kind')}
   RETURNING key`

const inOrder = `(SELECT key FROM sign_in_budgets WHERE key = ANY ($1::bytea[]) ORDER BY key FOR UPDATE) AS locked`

const bytes = (keys: readonly BudgetKey[]) => [keys.map(({ key }) => key)]

export function createBudgetsStore(db: Queryable) {
  return {
    /** Takes back one count of each bucket. */
    async takeBack(keys: readonly BudgetKey[]): Promise<void> {
      await db.query(
        `UPDATE sign_in_budgets AS b SET empties_at = greatest(empties_at - ${COUNT('kind')}, clock_timestamp())
         FROM ${inOrder} WHERE b.key = locked.key`,
        bytes(keys),
      )
    },

    /** Returns the seconds until every bucket has room; zero or less if they have room now. */
    async secondsUntilRoom(keys: readonly BudgetKey[]): Promise<number> {
      const { rows } = await db.query<{ seconds: number | null }>(
        `SELECT ceil(extract(epoch FROM max(empties_at - ${ROOM('kind')}) - clock_timestamp()))::int AS seconds
         FROM sign_in_budgets WHERE key = ANY ($1::bytea[])`,
        bytes(keys),
      )
      return rows[0]?.seconds ?? 0
    },

    /** Deletes a limited number of buckets that are empty and were not eased lately. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM sign_in_budgets WHERE key IN (
           SELECT key FROM sign_in_budgets WHERE empties_at < clock_timestamp() - interval '1 hour'
           LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}

/** Creates the statements with which a success takes back more than its own count. */
export function createEasingStore(db: Queryable) {
  return {
    /** Returns whether `ease` would take back anything from one of the buckets. */
    async canEase(keys: readonly BudgetKey[]): Promise<boolean> {
      const { rows } = await db.query<{ can: boolean }>(
        `SELECT EXISTS (SELECT FROM sign_in_budgets WHERE key = ANY ($1::bytea[]) AND ${CAN_EASE}) AS can`,
        bytes(keys),
      )
      return rows[0]?.can === true
    },

    /** Uses up what an account may do once an hour. True once, even under concurrent calls. */
    async claim(account: Buffer): Promise<boolean> {
      const { rowCount } = await db.query(
        `INSERT INTO sign_in_budgets AS b (key, kind, empties_at)
         VALUES ($1, 'account', clock_timestamp() + interval '1 hour')
         ON CONFLICT (key) DO UPDATE SET empties_at = clock_timestamp() + interval '1 hour'
         WHERE b.empties_at <= clock_timestamp()`,
        [account],
      )
      return rowCount === 1
    },

    /** Takes back several counts of each bucket, as often as its hour allows. */
    async ease(keys: readonly BudgetKey[]): Promise<void> {
      await db.query(
        `UPDATE sign_in_budgets AS b SET empties_at = greatest(empties_at - ${EASING.counts} * ${COUNT('kind')}, clock_timestamp()),
           eased_at = clock_timestamp() || ARRAY(SELECT at FROM ${LAST_HOUR})
         FROM ${inOrder} WHERE b.key = locked.key AND ${CAN_EASE}`,
        bytes(keys),
      )
    },
  }
}
