/** The service that records audit events. Concurrent events share one statement and one commit. */
import { createBatchWriter } from '#database/batch-writer.ts'
import type { Database } from '#database/database.ts'
import type { Audit, AuditEvent } from './audit.ts'
import { createAuditStore } from './audit-store.ts'

const MAX_BATCH = 200

/**
 * Creates the audit service. `record` resolves after the commit, and rejects with `DatabaseUnavailable` when the event
 * could not be written.
 */
export function createAudit({ db }: { db: Database }): Audit {
  const store = createAuditStore(db)
  const writer = createBatchWriter<AuditEvent, void>({
    maxBatch: MAX_BATCH,
    async write(events) {
      await store.insert(events)
      return events.map(() => undefined)
    },
  })

  return {
    record: (event) => writer.submit(event),
    recordIn: (trx, event) => createAuditStore(trx).insert([event]),
    list: (query) => store.list(query),
  }
}
