/** Seals password hashes, so that nobody can guess passwords with a copy of the database alone. */
import type { Keyring } from '#sealing/keyring.ts'
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'

const PURPOSE = 'password'

export const SEALED_PASSWORDS: SealedColumn = {
  table: 'password_credentials',
  column: 'sealed',
  purpose: PURPOSE,
  ...boundTo('account_sub'),
}

export type PasswordSeals = ReturnType<typeof createPasswordSeals>

export function createPasswordSeals(keyring: Pick<Keyring, 'seal' | 'open'>) {
  return {
    seal: (accountId: string, hash: string) => keyring.seal(PURPOSE, hash, accountId),
    open: (accountId: string, sealed: Buffer) => keyring.open(PURPOSE, sealed, accountId).toString(),
  }
}
