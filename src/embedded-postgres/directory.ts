/** The directory that PostgreSQL keeps its data in: made on first start, and looked at on every later one. */
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
  /** Of the role that owns everything in it: a secret. */
  readonly password: string
}

export const ROLE = 'signet'
/** Ends the name of a directory that is being made. */
const UNFINISHED = '.new-'

/** The database directory below `dataDir`, made when there is none, which is told. Throws EmbeddedPostgresError. */
export async function openDatabaseDir(
  dataDir: string,
  binaries: Binaries,
  onMaking: () => void = () => {},
): Promise<DatabaseDir> {
  const dir = join(dataDir, 'postgres')
  const passwordFile = join(dataDir, 'postgres-password')
  try {
    if (!existsSync(join(dir, 'PG_VERSION'))) return await createDatabaseDir({ dir, passwordFile, binaries, onMaking })
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
    // PostgreSQL refuses a directory that others may enter, as one out of a backup may be
    if ((statSync(dir).mode & 0o077) !== 0) chmodSync(dir, 0o700)
    return { dir, password: readFileSync(passwordFile, 'utf8').trim() }
  } catch (cause) {
    if (cause instanceof EmbeddedPostgresError) throw cause
    throw notUsable(dataDir, cause)
  }
}

interface NewDatabase {
  readonly dir: string
  readonly passwordFile: string
  readonly binaries: Binaries
  readonly onMaking: () => void
}

/** Runs initdb beside the final place, so that a start that was cut short leaves no half database there. */
async function createDatabaseDir({ dir, passwordFile, binaries, onMaking }: NewDatabase): Promise<DatabaseDir> {
  if (!existsSync(passwordFile)) {
    writeFileSync(passwordFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  }
  const password = readFileSync(passwordFile, 'utf8').trim()
  for (const left of leftovers(dir)) rmSync(left, { recursive: true, force: true, maxRetries: 5 })
  rmSync(dir, { recursive: true, force: true })
  const made = mkdtempSync(`${dir}${UNFINISHED}`)
  const runAs = chooseUser(made, binaries)
  const handover = `${passwordFile}.initdb`
  writeFileSync(handover, `${password}\n`, { mode: 0o600 })
  try {
    if (runAs.owner) chownSync(handover, runAs.owner.uid, runAs.owner.gid)
    const failed = failureOf(runAs, binaries.initdb, initdbArguments(made, handover, majorVersion(binaries)))
    onMaking()
    const reason = await failed
    if (reason !== undefined) {
      throw new EmbeddedPostgresError(
        `The embedded PostgreSQL could not be set up in ${dir}: ${reason.split('\n')[0]}; set DATABASE_URL to use a PostgreSQL of your own.`,
        { logDetail: reason },
      )
    }
  } finally {
    rmSync(handover, { force: true })
  }
  renameSync(made, dir)
  return { dir, password }
}

/** What starts that were cut short left behind. */
function leftovers(dir: string): string[] {
  const begin = basename(dir) + UNFINISHED
  return readdirSync(dirname(dir))
    .filter((name) => name.startsWith(begin))
    .map((name) => join(dirname(dir), name))
}

function initdbArguments(dir: string, passwordFile: string, major: number): string[] {
  const always = ['-D', dir, '-U', ROLE, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8']
  const locale = major >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C']
  return [...always, ...locale, '--data-checksums', '--no-sync', '--no-instructions']
}

/** That the data directory `dir` cannot be written, in one sentence. */
export function notUsable(dir: string, cause: unknown): EmbeddedPostgresError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EmbeddedPostgresError(
    `The data directory ${dir} cannot be written (${reason}): give it to the user that runs Signet, or set SIGNET_DATA_DIR to another directory.`,
    { cause },
  )
}
