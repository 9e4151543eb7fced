/** A PostgreSQL of a test file's own, to be stopped, frozen and killed. */
import { type EmbeddedDatabase, type EmbeddedOptions, startEmbedded } from '#embedded-postgres/embedded-postgres.ts'
import { atEnd } from './endings.ts'
import { temporaryDir } from './server.ts'

/** Starts it with the real launcher in a folder of its own; it ends with the test file. */
export async function startOwnPostgres(
  options: Omit<EmbeddedOptions, 'dataDir'> & { dataDir?: string } = {},
): Promise<EmbeddedDatabase> {
  const dataDir = options.dataDir ?? `${temporaryDir('postgres')}/data`
  const postgres = await startEmbedded({ ...options, dataDir })
  atEnd(() => postgres.stop())
  return postgres
}
