/** Lists the sealed column with the addresses of e-mail verifications, for the rotation of master keys. */
import type { SealedColumn } from '#sealing/sealed-column.ts'

export const SEALED_EMAIL_VERIFICATIONS: SealedColumn = {
  table: 'mail_errands',
  column: 'sealed',
  purpose: 'mail-errand',
  names: ['key'],
  context: (row) => (row['key'] as Buffer).toString('hex'),
}
