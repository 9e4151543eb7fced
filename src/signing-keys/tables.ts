/** The tables of this room, and what a restore of the database does to them. */
import type { OwnedTables } from '#database/owned-tables.ts'

export const TABLES = {
  signing_keys: 'kept',
} as const satisfies OwnedTables
