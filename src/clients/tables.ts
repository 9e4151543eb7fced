/** The tables of this room, and what a restore of the database does to them. */
import type { OwnedTables } from '#database/owned-tables.ts'

export const TABLES = {
  client_allowances: 'kept',
  client_key_documents: 'kept',
  client_documents: 'kept',
  client_keys: 'kept',
  client_registrations: 'kept',
  client_secrets: 'kept',
  clients: 'kept',
  deleted_clients: 'kept',
  // the backup has uses that were spent since, and tokens that were revoked since
  initial_access_tokens: 'emptied',
  refused_registrations: 'kept',
} as const satisfies OwnedTables
