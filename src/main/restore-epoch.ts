/** Compares the restore epochs of this server and its database, at start and while it runs. */
import type { Config } from '#config/config.ts'
import type { Database } from '#database/database.ts'
import { createDatabase } from '#database/pool.ts'
import type { Logger } from '#observability/logger.ts'
import { TABLES } from '#schema.ts'
import { beginRestoreEpoch, requireRestoreEpoch, seenRestoreEpoch } from '#oidc/restore-epoch/restore-epoch.ts'

type ConfiguredEpoch = Config['restoreEpoch']

const POLL_MS = 1000

/**
 * Compares the epochs at start. If the database's is lower, it was restored: everything issued before is invalidated,
 * once for all servers. Throws RestoreEpochBehind when this server's is lower.
 */
export async function settleRestoreEpoch(
  configured: ConfiguredEpoch,
  { probe, directUrl, logger }: { probe: Database; directUrl: string; logger: Logger },
): Promise<void> {
  if ((await seenRestoreEpoch(probe)).number < configured.number) {
    const { createAudit } = await import('#audit/recorder.ts')
    // the role of the direct connection may own the tables, which truncating them needs
    const db = createDatabase({ url: directUrl, poolSize: 1, applicationName: 'signet-restore', logger })
    try {
      await beginRestoreEpoch({ db, audit: createAudit({ db }), tables: TABLES }, configured.number)
    } finally {
      await db.close()
    }
    logger.warn(
      { restoreEpoch: configured.number },
      'the database was restored: every session and token of before has ended',
    )
  }
  await requireRestoreEpoch(probe, configured)
}

/**
 * Exits the process without further answers when the database's epoch changes, because this server would accept what
 * was invalidated. The returned function stops the watch.
 */
export function watchRestoreEpoch(configured: ConfiguredEpoch, probe: Database, logger: Logger): () => void {
  async function compare(): Promise<void> {
    // the readiness probe reports a database that does not answer
    const seen = await seenRestoreEpoch(probe).catch(() => undefined)
    if (seen === undefined || seen.number === configured.number) return
    logger.fatal(
      { seen: seen.number, kept: configured.number },
      `the database was restored while this server ran: bring the restore epoch in ${configured.keptIn} up to date and start it again`,
    )
    process.exit(1)
  }
  const timer = setInterval(() => void compare(), POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}
