/** The sealed column of the stored mails, for the change of master keys. */
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'

export const SEALED_KEPT_MAILS: SealedColumn = {
  table: 'kept_mails',
  column: 'sealed',
  purpose: 'kept-mail',
  ...boundTo('id'),
}
