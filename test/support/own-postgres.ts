/** A PostgreSQL for one test file, which it can stop, freeze and kill. */
import { type EmbeddedDatabase, type EmbeddedOptions, startEmbedded } from '#embedded-postgres/embedded-postgres.ts'
import { atEnd } from './endings.ts'
import { temporaryDir } from './server.ts'

/** Starts it with the real launcher in its own folder; it stops with the test file. */
export async function startOwnPostgres(
  options: Omit<EmbeddedOptions, 'dataDir'> & { dataDir?: string } = {},
): Promise<EmbeddedDatabase> {
  const dataDir = options.dataDir ?? `${temporaryDir('postgres')}/data`
  const postgres = await startEmbedded({ ...options, dataDir })
  atEnd(() => postgres.stop())
  return postgres
}
