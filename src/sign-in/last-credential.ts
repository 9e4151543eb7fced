/** Nobody locks themselves out: the last credential to sign in with stays. */
import type { Queryable } from '#database/database.ts'
import { createCredentialCountStore } from './credential-count-store.ts'
import { LastCredential } from './errors.ts'
import type { MethodTraits } from './sign-in-method.ts'

/** In the transaction that took a credential away: throws LastCredential (409) where it was the last one. */
export type AssertNotLastCredential = (trx: Queryable, accountId: string) => Promise<void>

export function createLastCredentialGuard(methods: readonly MethodTraits[]): AssertNotLastCredential {
  const store = createCredentialCountStore(methods)
  return async (trx, accountId) => {
    if ((await store.left(trx, accountId)) === 0) throw new LastCredential()
  }
}
