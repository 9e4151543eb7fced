/** The embedded PostgreSQL: made on first start, found again later, and never outliving this process. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Binaries, findBinaries, majorVersion } from './embedded-binaries.ts'
import { lockDataDir } from './embedded-lock.ts'
import { stopOrphan } from './embedded-orphan.ts'
import {
  freePort,
  type Postmaster,
  PostmasterFailed,
  type PostmasterOptions,
  readLines,
  startPostmaster,
} from './embedded-process.ts'
import { chooseUser, PATH_ONLY } from './embedded-user.ts'
import { DatabaseStartError } from './errors.ts'
import type { DatabaseLog } from './log.ts'

export interface EmbeddedOptions {
  /** Where the database and its password are kept; made when missing. */
  readonly dataDir: string
  readonly logger?: DatabaseLog
  /** Other binaries than the packaged ones: a folder with `initdb` and `postgres`. */
  readonly binDir?: string
  /** Further settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedDatabase {
  /** A connection URL with the password, on a free port of 127.0.0.1: a secret. */
  readonly url: string
  /** The process id of the postmaster that runs now. */
  readonly pid: number
  /** A fast shutdown; the data directory may be used by another afterwards. */
  stop(): Promise<void>
}

const ROLE = 'signet'
const START_ATTEMPTS = 5

/**
 * Starts PostgreSQL on `dataDir`. A postmaster that ends by itself later is started again on the same port, so the
 * URL stays. Throws DatabaseStartError with one sentence that says what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const dataDir = resolve(options.dataDir)
  const binaries = findBinaries(options.binDir)
  const unlock = prepareDataDir(dataDir)
  try {
    const { dir, password } = openDatabaseDir(dataDir, binaries)
    await stopOrphan(dir)
    const runAs = chooseUser(dir, binaries)
    const settings = options.settings ?? {}
    const first = await startOnFreePort({ postgres: binaries.postgres, dir, runAs, settings, logger: options.logger })
    const kept = keepRunning(first.postmaster, first.options)
    return {
      url: `postgres://${ROLE}:${password}@127.0.0.1:${first.options.port}/postgres`,
      get pid() {
        return kept.pid()
      },
      stop: async () => {
        await kept.stop()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Makes the data directory when it is missing and takes its lock. */
function prepareDataDir(dataDir: string): () => void {
  try {
    if (!existsSync(dataDir)) {
      mkdirSync(dataDir, { recursive: true })
      // the database directory in it belongs to another user when root starts us, who must be able to pass
      chmodSync(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700)
    }
    return lockDataDir(dataDir)
  } catch (cause) {
    if (cause instanceof DatabaseStartError) throw cause
    throw notUsable(dataDir, cause)
  }
}

function notUsable(dir: string, cause: unknown): DatabaseStartError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DatabaseStartError(
    `The data directory ${dir} cannot be written (${reason}): give it to the user that runs Signet, or set SIGNET_DATA_DIR to another directory.`,
    { cause },
  )
}

/** The database directory below `dataDir`, made on first start, and the password of its role. */
function openDatabaseDir(dataDir: string, binaries: Binaries): { dir: string; password: string } {
  const dir = join(dataDir, 'postgres')
  const passwordFile = join(dataDir, 'postgres-password')
  try {
    if (!existsSync(join(dir, 'PG_VERSION'))) return createDatabaseDir(dir, passwordFile, binaries)
    const version = Number(readLines(join(dir, 'PG_VERSION'))[0])
    const major = majorVersion(binaries)
    if (version !== major) {
      throw new DatabaseStartError(
        `The data directory ${dataDir} was made by PostgreSQL ${version} and this Signet brings ${major}: start it with the Signet that made it, or set SIGNET_DATA_DIR to a new directory.`,
      )
    }
    if (!existsSync(passwordFile)) {
      throw new DatabaseStartError(`The file ${passwordFile} is missing: put it back from the backup of ${dataDir}.`)
    }
    // PostgreSQL refuses a directory that others may enter, as one out of a backup may be
    if ((statSync(dir).mode & 0o077) !== 0) chmodSync(dir, 0o700)
    return { dir, password: readFileSync(passwordFile, 'utf8').trim() }
  } catch (cause) {
    if (cause instanceof DatabaseStartError) throw cause
    throw notUsable(dataDir, cause)
  }
}

/** Runs initdb beside the final place, so that a start that was cut short leaves no half database there. */
function createDatabaseDir(dir: string, passwordFile: string, binaries: Binaries): { dir: string; password: string } {
  if (!existsSync(passwordFile)) {
    writeFileSync(passwordFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  }
  const password = readFileSync(passwordFile, 'utf8').trim()
  const made = `${dir}.new`
  rmSync(made, { recursive: true, force: true })
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(made, { mode: 0o700 })
  const runAs = chooseUser(made, binaries)
  const handover = `${passwordFile}.initdb`
  writeFileSync(handover, `${password}\n`, { mode: 0o600 })
  try {
    if (runAs.owner) chownSync(handover, runAs.owner.uid, runAs.owner.gid)
    const { program, args } = runAs.command(binaries.initdb, initdbArguments(made, handover, majorVersion(binaries)))
    const result = spawnSync(program, args, { cwd: '/', env: PATH_ONLY, encoding: 'utf8', ...runAs.spawn })
    if (result.status !== 0) {
      const reason = result.error?.message ?? result.stderr.trim()
      throw new DatabaseStartError(
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

function initdbArguments(dir: string, passwordFile: string, major: number): string[] {
  const always = ['-D', dir, '-U', ROLE, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8']
  const locale = major >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C']
  return [...always, ...locale, '--data-checksums', '--no-sync', '--no-instructions']
}

/** Starts on a port that is free; takes another when a stranger was faster, and waits out the end of a predecessor. */
async function startOnFreePort(
  options: Omit<PostmasterOptions, 'port'>,
): Promise<{ postmaster: Postmaster; options: PostmasterOptions }> {
  for (let attempt = 1; ; attempt++) {
    const withPort = { ...options, port: await freePort() }
    try {
      return { postmaster: await startPostmaster(withPort), options: withPort }
    } catch (error) {
      const passing = error instanceof PostmasterFailed && /could not bind|in use|shared memory block/.test(error.log)
      if (!passing || attempt === START_ATTEMPTS) throw error
      await delay(200)
    }
  }
}

/** Starts the postmaster again when it ends by itself. */
function keepRunning(first: Postmaster, options: PostmasterOptions): { pid(): number; stop(): Promise<void> } {
  let current = first
  let stopping = false
  const stopped = new AbortController()

  async function supervise(): Promise<void> {
    for (let failures = 0; ;) {
      await current.ended
      if (stopping) return
      options.logger?.error({ failures }, 'embedded PostgreSQL ended by itself and is started again')
      await delay(Math.min(200 * 2 ** failures, 5000), undefined, { signal: stopped.signal, ref: false })
      try {
        current = await startPostmaster(options)
        failures = 0
      } catch (error) {
        failures += 1
        options.logger?.error({ err: error }, 'embedded PostgreSQL did not start again')
      }
    }
  }

  const supervision = supervise().catch(() => undefined)
  return {
    pid: () => current.pid,
    stop: async () => {
      stopping = true
      stopped.abort()
      await current.stop()
      await supervision
    },
  }
}
