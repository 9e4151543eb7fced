/** Lists the sealed columns with the secrets of authenticator apps, for the rotation of master keys. */
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'

const CONFIRMED: SealedColumn = {
  table: 'totp_credentials',
  column: 'sealed',
  purpose: 'totp',
  ...boundTo('account_sub'),
}

export const SEALED_TOTP_SECRETS: readonly SealedColumn[] = [CONFIRMED, { ...CONFIRMED, column: 'pending' }]
