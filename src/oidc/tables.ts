/** The tables of this room, and whether a restore of the database empties them. */
import type { OwnedTables } from '#database/owned-tables.ts'

export const TABLES = {
  artefacts: 'emptied',
  // each client gets a new status index, above any that the lost database may have assigned
  client_statuses: 'emptied',
  consents: 'kept',
  ended_statuses: 'kept',
  grants: 'emptied',
  replay_reservations: 'kept',
  restore_epoch: 'kept',
  revoked_tokens: 'kept',
  session_ids: 'emptied',
  sessions: 'emptied',
} as const satisfies OwnedTables
