/** Lists this room's tables, and what a restore of the database does to each. */
import type { OwnedTables } from '#database/owned-tables.ts'

export const TABLES = {
  email_code_mails: 'kept',
  email_codes: 'emptied',
  invitations: 'emptied',
  mail_errands: 'emptied',
} as const satisfies OwnedTables
