/** The service that records audit events. Concurrent events share one statement and one commit. */
import { createBatchWriter } from '#database/batch-writer.ts'
import type { Database } from '#database/database.ts'
import type { Audit, AuditEvent } from './audit.ts'
import { createAuditStore } from './audit-store.ts'
import type { Refusals } from './refusals.ts'

const MAX_BATCH = 200

/**
 * Creates the audit service. `record` resolves after the commit, and rejects with `DatabaseUnavailable` when the event
 * could not be written. With `refusals`, an event that is only counted resolves at once.
 */
export function createAudit({ db, refusals }: { db: Database; refusals?: Refusals }): Audit {
  const store = createAuditStore(db)
  const writer = createBatchWriter<AuditEvent, void>({
    maxBatch: MAX_BATCH,
    async write(events) {
      await store.insert(events)
      return events.map(() => undefined)
    },
  })

  const thin = (events: readonly AuditEvent[]) => refusals?.thin(events) ?? events

  return {
    async record(event) {
      for (const one of thin([event])) await writer.submit(one)
    },
    thin,
    async recordCounts(all) {
      const counts = refusals?.take(all) ?? []
      for (let at = 0; at < counts.length; at += MAX_BATCH) {
        try {
          await store.insert(counts.slice(at, at + MAX_BATCH))
        } catch (error) {
          refusals?.putBack(counts.slice(at))
          throw error
        }
      }
      return counts.length === 0 ? undefined : { counts: counts.length }
    },
    recordIn: (trx, event) => createAuditStore(trx).insert([event]),
    list: (query) => store.list(query),
  }
}
