/** Where the addresses of codes stand sealed, for the change of master keys. */
import type { SealedColumn } from '#sealing/sealed-column.ts'

export const SEALED_EMAIL_CODES: SealedColumn = {
  table: 'email_codes',
  column: 'sealed',
  purpose: 'email-code',
  names: ['key'],
  context: (row) => (row['key'] as Buffer).toString('hex'),
}
