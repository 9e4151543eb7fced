/** Where the addresses of errands stand sealed, for the change of master keys. */
import type { SealedColumn } from '#sealing/sealed-column.ts'

export const SEALED_ERRANDS: SealedColumn = {
  table: 'mail_errands',
  column: 'sealed',
  purpose: 'mail-errand',
  names: ['key'],
  context: (row) => (row['key'] as Buffer).toString('hex'),
}
