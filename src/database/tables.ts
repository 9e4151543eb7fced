/** The tables of this room, and what a restore of the database does to them. */
import type { OwnedTables } from './owned-tables.ts'

export const TABLES = {
  schema_migrations: 'kept',
  schema_migrations_lock: 'kept',
  schema_release: 'kept',
} as const satisfies OwnedTables
