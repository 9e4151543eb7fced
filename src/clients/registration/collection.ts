/** Removes clients of open registration that nobody uses any more, and records when they are used. */
import { SYSTEM } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import { type ClientChangeDeps, recordAndNotify } from '../client-changes.ts'
import { createClientStore } from '../client-store.ts'
import type { RegistrationSettings } from './registration.ts'
import { createRegistrationStore } from './registration-store.ts'
import { createTokenStore } from './token-store.ts'

const DAY_MS = 86_400_000
/** An initial access token is listed for a while after it has expired. */
const SHOWN_EXPIRED_MS = 7 * DAY_MS
const BATCH = 200
const MAX_BATCHES = 50
/** How many clients are collected between two writes. The use of further ones is not recorded. */
const MAX_GATHERED = 20_000

export interface CollectionDeps extends ClientChangeDeps {
  readonly registration: () => Pick<RegistrationSettings, 'unused_days'>
  /** Returns those of the clients for which somebody has a consent, a grant or a session. */
  readonly inUse: (trx: Queryable, ids: readonly string[]) => Promise<ReadonlySet<string>>
  readonly forget: (id: string) => void
}

export interface Collection {
  /** Notes that a self-registered client got a token or an authorization. */
  used(clientId: string): void
  /** Writes the noted uses. If that fails, they are kept for the next call. */
  flush(): Promise<void>
  /** Removes unused clients and expired initial access tokens. Returns how many; undefined when there were none. */
  collect(): Promise<Record<string, number> | undefined>
}

export function createCollection(deps: CollectionDeps): Collection {
  const { db, clock } = deps
  let gathered = new Map<string, Date>()

  async function flush(): Promise<void> {
    if (gathered.size === 0) return
    const writing = gathered
    gathered = new Map()
    try {
      await createRegistrationStore(db).used([...writing].map(([clientId, at]) => ({ clientId, at })))
    } catch (error) {
      gathered = new Map([...writing, ...gathered])
      throw error
    }
  }

  return {
    used(clientId) {
      if (gathered.size < MAX_GATHERED || gathered.has(clientId)) gathered.set(clientId, clock.now())
    },
    flush,
    async collect() {
      await flush()
      const now = clock.now().getTime()
      const since = new Date(now - deps.registration().unused_days * DAY_MS)
      let clients = 0
      for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
        const { seen, removed } = await collectBatch(deps, since)
        clients += removed
        if (seen < BATCH) break
      }
      const tokens = await createTokenStore(db).removeExpired(new Date(now - SHOWN_EXPIRED_MS))
      return clients + tokens > 0 ? { clients, initial_access_tokens: tokens } : undefined
    },
  }
}

/** Returns how many clients were looked at, and how many of them were removed. */
async function collectBatch(deps: CollectionDeps, since: Date): Promise<{ seen: number; removed: number }> {
  return deps.db.transaction(async (trx) => {
    const clients = await createRegistrationStore(trx).unused(since, BATCH)
    if (clients.length === 0) return { seen: 0, removed: 0 }
    const kept = await deps.inUse(
      trx,
      clients.map(({ id }) => id),
    )
    const at = deps.clock.now()
    await createRegistrationStore(trx).used([...kept].map((clientId) => ({ clientId, at })))
    const unused = clients.filter(({ id }) => !kept.has(id))
    for (const { id, origin, profile, name } of unused) {
      await createClientStore(trx).remove({ id, origin }, at)
      // what has expired, such as a sign-in that nobody finished
      await deps.onRemove?.(trx, id)
      await recordAndNotify(deps, trx, { type: 'client.collected', by: SYSTEM, id, detail: { profile, name } })
      deps.forget(id)
    }
    return { seen: clients.length, removed: unused.length }
  })
}
