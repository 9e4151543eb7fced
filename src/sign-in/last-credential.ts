/** Prevents the removal of the last credential that an account can sign in with. */
import type { Queryable } from '#database/database.ts'
import { createCredentialCountStore } from './credential-count-store.ts'
import { LastCredential } from './errors.ts'
import type { MethodTraits } from './sign-in-method.ts'

/** Call in the transaction that removed a credential. Throws LastCredential (409) if no other one is left. */
export type AssertNotLastCredential = (trx: Queryable, accountId: string) => Promise<void>

export function createLastCredentialGuard(methods: readonly MethodTraits[]): AssertNotLastCredential {
  const store = createCredentialCountStore(methods)
  return async (trx, accountId) => {
    if ((await store.left(trx, accountId)) === 0) throw new LastCredential()
  }
}
