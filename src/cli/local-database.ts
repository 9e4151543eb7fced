/** The database of this machine's settings, for commands that run on the server itself. */
import type { Loaded } from '#config/load.ts'

export interface LocalUrls {
  readonly url: string
  /** Past PgBouncer. */
  readonly directUrl: string
}

/**
 * Calls `work` with the connection URLs of the settings; the embedded database runs meanwhile and stops afterwards.
 * Throws DatabaseStartError when it cannot be reached, EmbeddedPostgresError when a server holds the embedded one.
 */
export async function withLocalDatabase<T>(loaded: Loaded, work: (urls: LocalUrls) => Promise<T>): Promise<T> {
  const { databaseUrl, databaseDirectUrl } = loaded.secrets
  if (databaseUrl !== undefined) return work({ url: databaseUrl, directUrl: databaseDirectUrl ?? databaseUrl })
  const { startEmbedded } = await import('#embedded-postgres/embedded-postgres.ts')
  const embedded = await startEmbedded({ dataDir: loaded.config.database.dataDir })
  try {
    return await work({ url: embedded.url, directUrl: embedded.url })
  } finally {
    await embedded.stop()
  }
}
