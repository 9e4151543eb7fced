/** The sealed column of the stored mails, for the change of master keys. */
import type { SealedColumn } from '#sealing/sealed-column.ts'

export const SEALED_KEPT_MAILS: SealedColumn = {
  table: 'kept_mails',
  column: 'sealed',
  purpose: 'kept-mail',
  names: ['id'],
  context: (row) => row['id'] as string,
}
