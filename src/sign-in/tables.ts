/** Lists this room's tables, and what a restore of the database does to each. */
import type { OwnedTables } from '#database/owned-tables.ts'

export const TABLES = {
  factor_failures: 'kept',
  lost_factor_requests: 'emptied',
  passkey_users: 'kept',
  passkeys: 'kept',
  password_credentials: 'kept',
  recovery_codes: 'kept',
  sign_in_attempts: 'kept',
  sign_in_budgets: 'kept',
  sign_in_progress: 'emptied',
  spent_passkey_challenges: 'kept',
  totp_credentials: 'kept',
  user_codes: 'kept',
} as const satisfies OwnedTables
