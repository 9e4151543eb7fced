/** Lists the sealed columns with the secrets of authenticator apps, for the rotation of master keys. */
import type { SealedColumn } from '#sealing/sealed-column.ts'

const CONFIRMED: SealedColumn = {
  table: 'totp_credentials',
  column: 'sealed',
  purpose: 'totp',
  names: ['account_sub'],
  context: (row) => row['account_sub'] as string,
}

export const SEALED_TOTP_SECRETS: readonly SealedColumn[] = [CONFIRMED, { ...CONFIRMED, column: 'pending' }]
