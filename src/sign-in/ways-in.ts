/** Nobody locks themselves out: the last way to sign in stays. */
import type { Queryable } from '#database/database.ts'
import { LastWayIn } from './errors.ts'
import { createWaysInStore } from './ways-in-store.ts'

/** In the transaction that took a way to sign in away: throws LastWayIn (409) where it was the last one. */
export async function keepAWayIn(trx: Queryable, sub: string): Promise<void> {
  if ((await createWaysInStore(trx).left(sub)) === 0) throw new LastWayIn()
}
