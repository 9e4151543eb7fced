/** Lists the sealed column with the addresses of codes, for the rotation of master keys. */
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'

export const SEALED_EMAIL_CODES: SealedColumn = {
  table: 'email_codes',
  column: 'sealed',
  purpose: 'email-code',
  ...boundTo('key'),
}
