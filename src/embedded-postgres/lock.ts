/**
 * The exclusive lock on a data directory: the kernel holds it and releases it when the process ends, even after a
 * crash.
 */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EmbeddedPostgresError } from './errors.ts'

/**
 * Locks `dataDir` and returns the function that unlocks it. SQLite serves only as a portable file lock: unlike a pid
 * file, it cannot become stale, has no race, and is not fooled by a reused process id. Throws EmbeddedPostgresError
 * when another process holds the lock.
 */
export function lockDataDir(dataDir: string): () => void {
  const holderFile = join(dataDir, 'signet.pid')
  const lock = new DatabaseSync(join(dataDir, 'signet.lock'))
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    if (!(cause instanceof Error && /locked|busy/i.test(cause.message))) throw cause
    throw new EmbeddedPostgresError(
      `The data directory ${dataDir} is in use by another Signet${holder(holderFile)}: stop that one, or set SIGNET_DATA_DIR to another directory.`,
      { cause },
    )
  }
  chmodSync(join(dataDir, 'signet.lock'), 0o600)
  writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 })
  return () => {
    rmSync(holderFile, { force: true })
    lock.close()
  }
}

function holder(file: string): string {
  try {
    return ` (process ${readFileSync(file, 'utf8').trim()})`
  } catch {
    return ''
  }
}
