/** Columns that hold values sealed under a master key: which key each needs, and sealing them anew under the first. */
import type { Queryable } from '#database/database.ts'
import { SealError, type Keyring } from './keyring.ts'
import type { SealedColumn } from './sealed-column.ts'

export interface SealedColumns {
  /** How many values are sealed under other keys than the first, by key id. */
  remaining(): Promise<Map<string, number>>
  /** Seals up to `limit` of them anew; how many. Values that no key given opens stay as they are. */
  rewrap(limit: number): Promise<number>
}

interface Found extends Record<string, unknown> {
  readonly sealed: Buffer
}

/** The id of the key stands behind the version byte. */
const keyIdOf = (column: string) => `substring(${column} FROM 2 FOR 8)`

export function createSealedColumns(db: Queryable, keyring: Keyring, columns: readonly SealedColumn[]): SealedColumns {
  const first = Buffer.from(keyring.primaryKeyId, 'hex')
  const others = keyring.keyIds.slice(1).map((id) => Buffer.from(id, 'hex'))

  /** A row that changed meanwhile has another value and stays as it is: two may do this at once, beside all traffic. */
  async function rewrapSome({ table, column, ...rest }: SealedColumn, limit: number): Promise<number> {
    const names = [...rest.names, `${column} AS sealed`].join(', ')
    const { rows } = await db.query<Found>(
      `SELECT ${names} FROM ${table}
       WHERE ${rest.where ?? 'true'} AND ${keyIdOf(column)} = ANY ($1::bytea[]) LIMIT $2`,
      [others, limit],
    )
    const pairs = rows.flatMap((row) => resealed(keyring, rest, row))
    if (pairs.length === 0) return 0
    const { rowCount } = await db.query(
      `UPDATE ${table} AS t SET ${column} = new.sealed FROM unnest($1::bytea[], $2::bytea[]) AS new (old, sealed)
       WHERE ${rest.where ?? 'true'} AND t.${column} = new.old`,
      [pairs.map(({ old }) => old), pairs.map(({ sealed }) => sealed)],
    )
    return rowCount
  }

  return {
    async remaining() {
      const found = new Map<string, number>()
      for (const { table, column, where = 'true' } of columns) {
        const { rows } = await db.query<{ key_id: string; count: number }>(
          `SELECT encode(${keyIdOf(column)}, 'hex') AS key_id, count(*)::int AS count FROM ${table}
           WHERE ${where} AND ${keyIdOf(column)} <> $1 GROUP BY 1`,
          [first],
        )
        for (const { key_id: id, count } of rows) found.set(id, (found.get(id) ?? 0) + count)
      }
      return found
    },
    async rewrap(limit) {
      let done = 0
      for (const column of columns) {
        if (others.length === 0 || done >= limit) break
        done += await rewrapSome(column, limit - done)
      }
      return done
    },
  }
}

function resealed(
  keyring: Keyring,
  { purpose, context }: Pick<SealedColumn, 'purpose' | 'context'>,
  row: Found,
): { old: Buffer; sealed: Buffer }[] {
  const place = context(row)
  try {
    return [{ old: row.sealed, sealed: keyring.seal(purpose, keyring.open(purpose, row.sealed, place), place) }]
  } catch (error) {
    // it was altered, and nobody can read it any more
    if (error instanceof SealError) return []
    throw error
  }
}
