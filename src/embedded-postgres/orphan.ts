/** Ends the postmaster that a killed server left behind. */
import { execFileSync } from 'node:child_process'
import { readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readLines } from './process.ts'
import { EmbeddedPostgresError } from './errors.ts'

/**
 * Stops a live postmaster of the database directory `dir`, which is an orphan since the caller holds the lock of the
 * data directory. A process id that some other program got since is taken out of the way, as PostgreSQL would
 * believe in it. Throws EmbeddedPostgresError when the postmaster does not end.
 */
export async function stopOrphan(dir: string): Promise<void> {
  const pidFile = join(dir, 'postmaster.pid')
  const pid = Number(readLines(pidFile)[0])
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return
  if (!worksIn(pid, dir)) {
    rmSync(pidFile, { force: true })
    return
  }
  for (const [signal, patienceMs] of [
    ['SIGINT', 700],
    ['SIGQUIT', 700],
    ['SIGKILL', 2000],
  ] as const) {
    if (!send(pid, signal) || (await endsWithin(pid, dir, patienceMs))) return
  }
  throw new EmbeddedPostgresError(
    `The PostgreSQL process ${pid} still holds ${dir} and cannot be stopped: end it first.`,
  )
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function isAlive(pid: number): boolean {
  return send(pid, 0)
}

/** A process that ended and was not yet reaped by its parent works nowhere any more. */
async function endsWithin(pid: number, dir: string, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  while (Date.now() < deadline) {
    if (!isAlive(pid) || !worksIn(pid, dir)) return true
    await delay(10)
  }
  return false
}

/** Whether the process is a postmaster of `dir`: it works in its database directory. */
function worksIn(pid: number, dir: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dir)
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(dir)
  } catch {
    return false
  }
}
