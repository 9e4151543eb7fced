/** Lists the sealed column with the addresses of codes, for the rotation of master keys. */
import type { SealedColumn } from '#sealing/sealed-column.ts'

export const SEALED_EMAIL_CODES: SealedColumn = {
  table: 'email_codes',
  column: 'sealed',
  purpose: 'email-code',
  names: ['key'],
  context: (row) => (row['key'] as Buffer).toString('hex'),
}
