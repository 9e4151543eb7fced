/** Tends the partitions of the audit log over a connection of its own, whose role may change the schema. */
import { createDatabase } from '#database/pool.ts'
import { type PartitionChanges, tendPartitions } from './partitions-store.ts'

/** Makes the partitions of the coming months and drops those that are older than `days`. Returns what changed, if any. */
export async function tendAuditPartitions(options: {
  /** A direct connection. */
  url: string
  days: number
}): Promise<(PartitionChanges & Record<string, unknown>) | undefined> {
  const db = createDatabase({ url: options.url, poolSize: 1, applicationName: 'signet-audit' })
  try {
    const changes = await tendPartitions(db, options.days)
    return changes.made.length + changes.dropped.length === 0 ? undefined : { ...changes }
  } finally {
    await db.close()
  }
}
