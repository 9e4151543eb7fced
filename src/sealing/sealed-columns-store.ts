/** The SQL over all sealed columns: counts the values by master key and reseals them under the primary key. */
import type { Queryable } from '#database/database.ts'
import { SealError, type Keyring } from './keyring.ts'
import type { SealedColumn } from './sealed-column.ts'

export interface SealedColumns {
  /** Counts the values sealed under other keys than the primary one, by key id. */
  remaining(): Promise<Map<string, number>>
  /** Reseals up to `limit` of them and returns how many. Values whose key is not in the keyring stay as they are. */
  rewrap(limit: number): Promise<number>
}

interface SealedRow extends Record<string, unknown> {
  readonly sealed: Buffer
}

/** The id of the key follows the version byte. */
const keyIdOf = (column: string) => `substring(${column} FROM 2 FOR 8)`

export function createSealedColumns(db: Queryable, keyring: Keyring, columns: readonly SealedColumn[]): SealedColumns {
  const primary = Buffer.from(keyring.primaryKeyId, 'hex')
  const older = keyring.keyIds.slice(1).map((id) => Buffer.from(id, 'hex'))

  /** Updates a row only while it has the value that was read, so that concurrent calls and other traffic are safe. */
  async function rewrapColumn({ table, column, ...rest }: SealedColumn, limit: number): Promise<number> {
    const names = [...rest.names, `${column} AS sealed`].join(', ')
    const { rows } = await db.query<SealedRow>(
      `SELECT ${names} FROM ${table}
       WHERE ${rest.where ?? 'true'} AND ${keyIdOf(column)} = ANY ($1::bytea[]) LIMIT $2`,
      [older, limit],
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
      const counts = new Map<string, number>()
      for (const { table, column, where = 'true' } of columns) {
        const { rows } = await db.query<{ key_id: string; count: number }>(
          `SELECT encode(${keyIdOf(column)}, 'hex') AS key_id, count(*)::int AS count FROM ${table}
           WHERE ${where} AND ${keyIdOf(column)} <> $1 GROUP BY 1`,
          [primary],
        )
        for (const { key_id: id, count } of rows) counts.set(id, (counts.get(id) ?? 0) + count)
      }
      return counts
    },
    async rewrap(limit) {
      let done = 0
      for (const column of columns) {
        if (older.length === 0 || done >= limit) break
        done += await rewrapColumn(column, limit - done)
      }
      return done
    },
  }
}

function resealed(
  keyring: Keyring,
  { purpose, context }: Pick<SealedColumn, 'purpose' | 'context'>,
  row: SealedRow,
): { old: Buffer; sealed: Buffer }[] {
  const sealContext = context(row)
  try {
    return [
      { old: row.sealed, sealed: keyring.seal(purpose, keyring.open(purpose, row.sealed, sealContext), sealContext) },
    ]
  } catch (error) {
    // the value was altered and cannot be read by anybody
    if (error instanceof SealError) return []
    throw error
  }
}
