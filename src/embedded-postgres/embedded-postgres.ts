/** The embedded PostgreSQL: made on first start, found again later, and never outliving this process. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findBinaries } from './binaries.ts'
import { notUsable, openDatabaseDir, ROLE } from './directory.ts'
import { lockDataDir } from './lock.ts'
import { stopOrphan } from './orphan.ts'
import { freePort, type Postmaster, PostmasterFailed, type PostmasterOptions, startPostmaster } from './process.ts'
import { chooseUser } from './user.ts'
import { EmbeddedPostgresError } from './errors.ts'
import type { Log } from '#shared/log.ts'

export interface EmbeddedOptions {
  /** Where the database and its password are kept; made when missing. */
  readonly dataDir: string
  readonly logger?: Log
  /** Other binaries than the packaged ones: a folder with `initdb` and `postgres`. */
  readonly binDir?: string
  /** Further settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** Told when there is no database yet and one is being made, which takes most of a second. */
  readonly onMaking?: () => void
}

export interface EmbeddedDatabase {
  /** A connection URL with the password, on a free port of 127.0.0.1: a secret. */
  readonly url: string
  /** The process id of the postmaster that runs now. */
  readonly pid: number
  /** A fast shutdown; the data directory may be used by another afterwards. */
  stop(): Promise<void>
}

const START_ATTEMPTS = 5

/**
 * Starts PostgreSQL on `dataDir`. A postmaster that ends by itself later is started again on the same port, so the
 * URL stays. Throws EmbeddedPostgresError with one sentence that says what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const dataDir = resolve(options.dataDir)
  const binaries = findBinaries(options.binDir)
  const unlock = prepareDataDir(dataDir)
  try {
    const { dir, password } = await openDatabaseDir(dataDir, binaries, options.onMaking)
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
    if (cause instanceof EmbeddedPostgresError) throw cause
    throw notUsable(dataDir, cause)
  }
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
