/** Records when keys were last used. Uses are collected in memory and written in batches, never during a request. */
import type { Database } from '#database/database.ts'
import type { Clock } from '#shared/clock.ts'
import type { PublicJwk } from './client.ts'
import { createKeyStore, type KeyUse } from './key-store.ts'
import { keyThumbprint } from './key-thumbprint.ts'

/** How many keys are collected between two writes. The use of further keys is not recorded. */
const MAX_GATHERED = 20_000

export interface KeyUses {
  /** Notes that a key has just verified an assertion. */
  used(clientId: string, key: PublicJwk): void
  /** Writes the collected uses in one statement. If that fails, they are kept for the next call. */
  flush(): Promise<void>
}

export function createKeyUses({ db, clock }: { readonly db: Database; readonly clock: Clock }): KeyUses {
  let gathered = new Map<string, KeyUse>()

  return {
    used(clientId, key) {
      const name = `${clientId} ${keyThumbprint(key)}`
      if (gathered.size < MAX_GATHERED || gathered.has(name)) gathered.set(name, { clientId, key, at: clock.now() })
    },
    async flush() {
      if (gathered.size === 0) return
      const writing = gathered
      gathered = new Map()
      try {
        await createKeyStore(db).used([...writing.values()])
      } catch (error) {
        gathered = new Map([...writing, ...gathered])
        throw error
      }
    },
  }
}
