/** Opens the database of the settings, for commands that run on the server itself. */
import type { Loaded } from '#config/load.ts'

export interface LocalUrls {
  readonly url: string
  /** A direct connection that bypasses PgBouncer. */
  readonly directUrl: string
}

/**
 * Calls `work` with the connection URLs of the settings; starts the embedded database for that time. Throws
 * DatabaseStartError when the database cannot be reached, and EmbeddedPostgresError when a server uses the embedded
 * one.
 */
export async function withLocalDatabase<T>(loaded: Loaded, work: (urls: LocalUrls) => Promise<T>): Promise<T> {
  const { databaseUrl, databaseDirectUrl } = loaded.secrets
  if (databaseUrl !== undefined) return work({ url: databaseUrl, directUrl: databaseDirectUrl ?? databaseUrl })
  const { startEmbedded } = await import('#embedded-postgres/embedded-postgres.ts')
  const embedded = await startEmbedded({ dataDir: loaded.config.dataDir })
  try {
    return await work({ url: embedded.url, directUrl: embedded.url })
  } finally {
    await embedded.stop()
  }
}
