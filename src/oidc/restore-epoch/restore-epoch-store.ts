/** SQL for the restore epoch: empties the tables that a restore ends, and advances the epoch. */
import type { Queryable } from '#database/database.ts'
import type { OwnedTables } from '#database/owned-tables.ts'

/** The restore epoch of the database. */
export interface RestoreEpoch {
  readonly number: number
  /** A whole second. Client assertions made before it are refused: their reservations may be lost. */
  readonly beganAt: Date
}

interface Row {
  epoch: number
  began_at: Date
}

/** Begins with a whole second, because times in tokens and assertions are whole seconds. */
const ADVANCE = `
  UPDATE restore_epoch SET epoch = $1, began_at = date_trunc('second', now()) + interval '1 second',
    first_status_index = $2 WHERE epoch < $1`

export function createRestoreEpochStore(db: Queryable) {
  return {
    /** Reads the epoch. `lock`: other transactions that want to advance it wait until this one ends. */
    async read({ lock = false } = {}): Promise<RestoreEpoch> {
      const { rows } = await db.query<Row>(
        `SELECT epoch, began_at FROM restore_epoch${lock ? ' FOR NO KEY UPDATE' : ''}`,
      )
      const row = rows[0] as Row
      return { number: row.epoch, beganAt: row.began_at }
    },

    /** Returns how long it takes until the epoch begins, by the database's clock. */
    async millisecondsToBegin(): Promise<number> {
      const { rows } = await db.query<{ left: number }>(
        'SELECT (extract(epoch FROM began_at - clock_timestamp()) * 1000)::float8 AS left FROM restore_epoch',
      )
      return Math.max(0, Math.ceil(rows[0]?.left ?? 0))
    },

    /** Truncates the tables that are marked `emptied`, in one statement. */
    async empty(tables: OwnedTables): Promise<void> {
      const names = Object.keys(tables).filter((name) => tables[name] === 'emptied')
      await db.query(`TRUNCATE ${names.join(', ')}`)
    },

    /**
     * Advances to `epoch`, which begins with the next second. Status indexes continue in a new list whose number is the
     * time in seconds, or the next list if that is later, so that no list of the lost database can have it.
     */
    async advance(epoch: number, listSize: number): Promise<void> {
      const { rows } = await db.query<{ place: string }>(
        `SELECT setval('status_indexes', greatest(
           ceil(extract(epoch FROM now()))::bigint * $1::bigint,
           ((SELECT last_value FROM status_indexes) / $1::bigint + 1) * $1::bigint), false) AS place`,
        [listSize],
      )
      await db.query(ADVANCE, [epoch, rows[0]?.place])
    },
  }
}
