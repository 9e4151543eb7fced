/** When keys were last used: gathered in memory and written together, never within a request. */
import type { Database } from '#database/database.ts'
import type { Clock } from '#shared/clock.ts'
import type { PublicJwk } from './client.ts'
import { createKeyStore, type KeyUse } from './key-store.ts'
import { keyThumbprint } from './key-thumbprint.ts'

/** Beyond this many keys in use between two writes, further ones are not told apart from unused ones. */
const MAX_GATHERED = 20_000

export interface KeyUses {
  /** A key verified an assertion just now. */
  used(clientId: string, key: PublicJwk): void
  /** Writes what was gathered in one statement; what could not be written is kept for the next time. */
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
