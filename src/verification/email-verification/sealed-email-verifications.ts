/** Lists the sealed column with the addresses of e-mail verifications, for the rotation of master keys. */
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'

export const SEALED_EMAIL_VERIFICATIONS: SealedColumn = {
  table: 'mail_errands',
  column: 'sealed',
  purpose: 'mail-errand',
  ...boundTo('key'),
}
