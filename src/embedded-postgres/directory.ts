/** The data directory of PostgreSQL: created on the first start, checked on later ones. */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Binaries, majorVersion } from './binaries.ts'
import { failureOf, readLines } from './process.ts'
import { chooseUser } from './user.ts'
import { EmbeddedPostgresError } from './errors.ts'

export interface DatabaseDir {
  readonly dir: string
  /** The password of the role that owns the database: a secret. */
  readonly password: string
}

export const ROLE = 'signet'
/** Part of the name of a directory while initdb fills it. */
const UNFINISHED = '.new-'

/**
 * Returns the database directory below `dataDir`. Creates it when it is missing, after a call of `onCreate`. Throws
 * EmbeddedPostgresError.
 */
export async function openDatabaseDir(
  dataDir: string,
  binaries: Binaries,
  onCreate: () => void = () => {},
): Promise<DatabaseDir> {
  const dir = join(dataDir, 'postgres')
  const passwordFile = join(dataDir, 'postgres-password')
  try {
    if (!existsSync(join(dir, 'PG_VERSION'))) return await createDatabaseDir({ dir, passwordFile, binaries, onCreate })
    const version = Number(readLines(join(dir, 'PG_VERSION'))[0])
    const major = majorVersion(binaries)
    if (version !== major) {
      throw new EmbeddedPostgresError(
        `The data directory ${dataDir} was made by PostgreSQL ${version} and this Signet brings ${major}: start it with the Signet that made it, or set SIGNET_DATA_DIR to a new directory.`,
      )
    }
    if (!existsSync(passwordFile)) {
      throw new EmbeddedPostgresError(`The file ${passwordFile} is missing: put it back from the backup of ${dataDir}.`)
    }
    // PostgreSQL refuses a directory that others can enter, and a backup may restore it with such a mode
    if ((statSync(dir).mode & 0o077) !== 0) chmodSync(dir, 0o700)
    return { dir, password: readFileSync(passwordFile, 'utf8').trim() }
  } catch (cause) {
    if (cause instanceof EmbeddedPostgresError) throw cause
    throw notWritable(dataDir, cause)
  }
}

interface NewDatabase {
  readonly dir: string
  readonly passwordFile: string
  readonly binaries: Binaries
  readonly onCreate: () => void
}

/** Runs initdb in a temporary directory and renames it, so that an interrupted start leaves no incomplete database. */
async function createDatabaseDir({ dir, passwordFile, binaries, onCreate }: NewDatabase): Promise<DatabaseDir> {
  if (!existsSync(passwordFile)) {
    writeFileSync(passwordFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  }
  const password = readFileSync(passwordFile, 'utf8').trim()
  for (const leftover of leftovers(dir)) rmSync(leftover, { recursive: true, force: true, maxRetries: 5 })
  rmSync(dir, { recursive: true, force: true })
  const temporaryDir = mkdtempSync(`${dir}${UNFINISHED}`)
  const runAs = chooseUser(temporaryDir, binaries)
  const initdbPasswordFile = `${passwordFile}.initdb`
  writeFileSync(initdbPasswordFile, `${password}\n`, { mode: 0o600 })
  try {
    if (runAs.owner) chownSync(initdbPasswordFile, runAs.owner.uid, runAs.owner.gid)
    const failed = failureOf(
      runAs,
      binaries.initdb,
      initdbArguments(temporaryDir, initdbPasswordFile, majorVersion(binaries)),
    )
    onCreate()
    const reason = await failed
    if (reason !== undefined) {
      throw new EmbeddedPostgresError(
        `The embedded PostgreSQL could not be set up in ${dir}: ${reason.split('\n')[0]}; set DATABASE_URL to use a PostgreSQL of your own.`,
        { logDetail: reason },
      )
    }
  } finally {
    rmSync(initdbPasswordFile, { force: true })
  }
  renameSync(temporaryDir, dir)
  return { dir, password }
}

/** Returns the temporary directories of interrupted starts. */
function leftovers(dir: string): string[] {
  const prefix = basename(dir) + UNFINISHED
  return readdirSync(dirname(dir))
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(dirname(dir), name))
}

function initdbArguments(dir: string, passwordFile: string, major: number): string[] {
  const common = ['-D', dir, '-U', ROLE, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8']
  const locale = major >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C']
  return [...common, ...locale, '--data-checksums', '--no-sync', '--no-instructions']
}

/** Returns the error for a data directory that cannot be written. */
export function notWritable(dir: string, cause: unknown): EmbeddedPostgresError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EmbeddedPostgresError(
    `The data directory ${dir} cannot be written (${reason}): give it to the user that runs Signet, or set SIGNET_DATA_DIR to another directory.`,
    { cause },
  )
}
