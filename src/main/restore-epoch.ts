/** Whether this server and its database know of the same restores: at the start, and for as long as it serves. */
import type { Config } from '#config/config.ts'
import type { Database } from '#database/database.ts'
import { createDatabase } from '#database/pool.ts'
import type { Logger } from '#observability/logger.ts'
import { TABLES } from '#schema.ts'
import { beginRestoreEpoch, requireRestoreEpoch, seenRestoreEpoch } from '#oidc/restore-epoch/restore-epoch.ts'

type Kept = Config['restoreEpoch']

const POLL_MS = 1000

/**
 * A database that knows of fewer restores than this server was restored: all that was issued before ends, once, however
 * many servers start. Throws RestoreEpochBehind when it is this server that knows of fewer.
 */
export async function settleRestoreEpoch(
  kept: Kept,
  { probe, directUrl, logger }: { probe: Database; directUrl: string; logger: Logger },
): Promise<void> {
  if ((await seenRestoreEpoch(probe)).number < kept.number) {
    const { createAudit } = await import('#audit/recorder.ts')
    // the role of this connection may own the tables that are emptied
    const db = createDatabase({ url: directUrl, poolSize: 1, applicationName: 'signet-restore', logger })
    try {
      await beginRestoreEpoch({ db, audit: createAudit({ db }), tables: TABLES }, kept.number)
    } finally {
      await db.close()
    }
    logger.warn({ restoreEpoch: kept.number }, 'the database was restored: every session and token of before has ended')
  }
  await requireRestoreEpoch(probe, kept)
}

/**
 * Ends the process, without another answer, when the database has come to know of other restores than it: this server
 * serves what was ended. The returned function stops the watch.
 */
export function watchRestoreEpoch(kept: Kept, probe: Database, logger: Logger): () => void {
  async function look(): Promise<void> {
    // a database that does not answer is told of elsewhere
    const seen = await seenRestoreEpoch(probe).catch(() => undefined)
    if (seen === undefined || seen.number === kept.number) return
    logger.fatal(
      { seen: seen.number, kept: kept.number },
      `the database was restored while this server ran: bring the restore epoch in ${kept.keptIn} up to date and start it again`,
    )
    process.exit(1)
  }
  const timer = setInterval(() => void look(), POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}
