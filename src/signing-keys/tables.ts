/** The tables of this room, and what a restore of the database does to them. */
import type { OwnedTables } from '#database/owned-tables.ts'

export const TABLES = {
  // a restore ends every session and refresh token, and the backup may hold a key that was revoked since
  archived_signing_keys: 'emptied',
  signing_keys: 'kept',
} as const satisfies OwnedTables
