/** Reads and writes the table sign_in_attempts: recent failed proofs by account and network, shared by all nodes. */
import type { Queryable } from '#database/database.ts'

/**
 * The limits for each kind of key. After `free` failures, each further one doubles the wait, from one second up to
 * `longest` seconds. The count starts over after `window` seconds without a failure.
 */
export const LIMITS = {
  /** One account, or the text that was typed as its identifier. */
  who: { free: 10, longest: 900, window: 86_400 },
  /** One IPv4 address, or an IPv6 network of 64 bits: a household, or an office behind one address. */
  address: { free: 50, longest: 300, window: 3600 },
  /** An IPv4 network of 24 bits, or an IPv6 network of 48. */
  network: { free: 500, longest: 300, window: 3600 },
} as const

export type AttemptKind = keyof typeof LIMITS

export interface AttemptKey {
  readonly kind: AttemptKind
  readonly key: Buffer
}

const byKind = (text: (limits: (typeof LIMITS)[AttemptKind]) => string) =>
  `CASE excluded.kind ${Object.entries(LIMITS)
    .map(([kind, limits]) => `WHEN '${kind}' THEN ${text(limits)}`)
    .join(' ')} END`

const FAILURES = `CASE WHEN a.last_at < clock_timestamp() - make_interval(secs => ${byKind(({ window }) => `${window}`)})
  THEN 1 ELSE a.failures + 1 END`
const WAIT = byKind(
  ({ free, longest }) =>
    `CASE WHEN ${FAILURES} < ${free} THEN NULL
     ELSE make_interval(secs => least(${longest}, power(2, least(${FAILURES} - ${free}, 30)))) END`,
)
// A statement that waited for the row lock sees the updated row, so concurrent attempts cannot exceed the limit.
const COUNT = `INSERT INTO sign_in_attempts AS a (key, kind, failures, last_at)
  SELECT key, kind, 1, clock_timestamp() FROM unnest($1::bytea[], $2::text[]) AS given (key, kind)
  WHERE NOT EXISTS (SELECT 1 FROM sign_in_attempts WHERE key = ANY ($3::bytea[]) AND blocked_until > clock_timestamp())
  ORDER BY key
  ON CONFLICT (key) DO UPDATE
    SET failures = ${FAILURES}, last_at = clock_timestamp(), blocked_until = clock_timestamp() + ${WAIT}
    WHERE a.blocked_until IS NULL OR a.blocked_until <= clock_timestamp()
  RETURNING last_at::text AS at`
// The wait before this attempt was over, so without a later one there is none; a later one waits one step less.
const UNDO = `UPDATE sign_in_attempts AS a SET failures = failures - 1, blocked_until = CASE
    WHEN last_at = $2::timestamptz OR failures - 1 < ${LIMITS.who.free} THEN NULL
    ELSE least(blocked_until, last_at + make_interval(secs =>
      least(${LIMITS.who.longest}, power(2, least(failures - 1 - ${LIMITS.who.free}, 30))))) END
  WHERE key = $1 AND failures > 0`

/** A counted failure of an account, which can be taken back. */
export interface Counted {
  readonly key: AttemptKey
  /** When it was counted, as PostgreSQL writes it: with microseconds. */
  readonly at: string
}

export function createAttemptsStore(db: Queryable) {
  /** Returns when the keys were counted. Counts none while one of `unlessBlocked` is blocked. */
  async function count(keys: readonly AttemptKey[], unlessBlocked: readonly AttemptKey[]): Promise<{ at: string }[]> {
    const { rows } = await db.query<{ at: string }>(COUNT, [
      keys.map(({ key }) => key),
      keys.map(({ kind }) => kind),
      unlessBlocked.map(({ key }) => key),
    ])
    return rows
  }

  return {
    /** Counts a failure of `who`. If `who` or a network is blocked, counts nothing and returns the seconds to wait. */
    async begin(
      who: AttemptKey | undefined,
      networks: readonly AttemptKey[],
    ): Promise<{ readonly counted?: Counted; readonly seconds?: number }> {
      const [counted] = who ? await count([who], networks) : []
      if (who && counted) return { counted: { key: who, at: counted.at } }
      const { rows } = await db.query<{ seconds: number }>(
        `SELECT ceil(extract(epoch FROM max(blocked_until) - clock_timestamp()))::int AS seconds
         FROM sign_in_attempts WHERE key = ANY ($1::bytea[]) HAVING max(blocked_until) > clock_timestamp()`,
        [[...(who ? [who] : []), ...networks].map(({ key }) => key)],
      )
      // the block may have ended since the first query
      const seconds = rows[0]?.seconds ?? (who ? 1 : undefined)
      return seconds === undefined ? {} : { seconds }
    },

    /** Counts a failure for each network. */
    async failed(networks: readonly AttemptKey[]): Promise<void> {
      await count(networks, [])
    },

    /** Takes back one counted failure, and the wait that it caused. */
    async undo({ key, at }: Counted): Promise<void> {
      await db.query(UNDO, [key.key, at])
    },

    /** Clears the failures of a key, after the proof succeeded. */
    async forgive({ key }: AttemptKey): Promise<void> {
      await db.query('DELETE FROM sign_in_attempts WHERE key = $1', [key])
    },

    /** Deletes a limited number of expired rows. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM sign_in_attempts WHERE key IN (
           SELECT key FROM sign_in_attempts WHERE last_at < clock_timestamp() - make_interval(secs => $1)
           LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
        [Math.max(...Object.values(LIMITS).map(({ window }) => window))],
      )
      return rowCount
    },
  }
}
