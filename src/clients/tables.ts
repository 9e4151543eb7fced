/** The tables of this room, and what a restore of the database does to them. */
import type { OwnedTables } from '#database/owned-tables.ts'

export const TABLES = {
  client_allowances: 'kept',
  client_key_documents: 'kept',
  client_keys: 'kept',
  client_secrets: 'kept',
  clients: 'kept',
  deleted_clients: 'kept',
} as const satisfies OwnedTables
