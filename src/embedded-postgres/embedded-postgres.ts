/** The embedded PostgreSQL: created on the first start, reused later, and stopped with this process. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findBinaries } from './binaries.ts'
import { notWritable, openDatabaseDir, ROLE } from './directory.ts'
import { lockDataDir } from './lock.ts'
import { stopOrphan } from './orphan.ts'
import { freePort, type Postmaster, PostmasterFailed, type PostmasterOptions, startPostmaster } from './process.ts'
import { chooseUser } from './user.ts'
import { EmbeddedPostgresError } from './errors.ts'
import type { Log } from '#shared/log.ts'

export interface EmbeddedOptions {
  /** The directory of the database and its password; created when missing. */
  readonly dataDir: string
  readonly logger?: Log
  /** Uses other binaries than the packaged ones: a folder with `initdb` and `postgres`. */
  readonly binDir?: string
  /** Additional settings for postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** Called before a new database is created, which takes most of a second. */
  readonly onCreate?: () => void
}

export interface EmbeddedDatabase {
  /** A connection URL with the password, on a free port of 127.0.0.1: a secret. */
  readonly url: string
  /** The process id of the current postmaster. */
  readonly pid: number
  /** Performs a fast shutdown and releases the data directory. */
  stop(): Promise<void>
}

const START_ATTEMPTS = 5

/**
 * Starts PostgreSQL on `dataDir`. A postmaster that exits later is restarted on the same port, so the URL stays valid.
 * Throws EmbeddedPostgresError, whose message is one sentence that says what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const dataDir = resolve(options.dataDir)
  const binaries = findBinaries(options.binDir)
  const unlock = prepareDataDir(dataDir)
  try {
    const { dir, password } = await openDatabaseDir(dataDir, binaries, options.onCreate)
    await stopOrphan(dir)
    const runAs = chooseUser(dir, binaries)
    const settings = options.settings ?? {}
    const first = await startOnFreePort({ postgres: binaries.postgres, dir, runAs, settings, logger: options.logger })
    const supervisor = superviseFrom(first.postmaster, first.options)
    return {
      url: `postgres://${ROLE}:${password}@127.0.0.1:${first.options.port}/postgres`,
      get pid() {
        return supervisor.pid()
      },
      stop: async () => {
        await supervisor.stop()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Creates the data directory if it is missing, and locks it. Returns the function that unlocks it. */
function prepareDataDir(dataDir: string): () => void {
  try {
    if (!existsSync(dataDir)) {
      mkdirSync(dataDir, { recursive: true })
      // when root starts us, the database directory in it belongs to another user, who must be able to pass through
      chmodSync(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700)
    }
    return lockDataDir(dataDir)
  } catch (cause) {
    if (cause instanceof EmbeddedPostgresError) throw cause
    throw notWritable(dataDir, cause)
  }
}

/**
 * Starts on a free port. Tries another when that port was taken meanwhile, and waits while an earlier postmaster exits.
 */
async function startOnFreePort(
  options: Omit<PostmasterOptions, 'port'>,
): Promise<{ postmaster: Postmaster; options: PostmasterOptions }> {
  for (let attempt = 1; ; attempt++) {
    const withPort = { ...options, port: await freePort() }
    try {
      return { postmaster: await startPostmaster(withPort), options: withPort }
    } catch (error) {
      const transient = error instanceof PostmasterFailed && /could not bind|in use|shared memory block/.test(error.log)
      if (!transient || attempt === START_ATTEMPTS) throw error
      await delay(200)
    }
  }
}

/** Restarts the postmaster when it exits unexpectedly. */
function superviseFrom(first: Postmaster, options: PostmasterOptions): { pid(): number; stop(): Promise<void> } {
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
