/** Stops a postmaster that a killed server left running. */
import { execFileSync } from 'node:child_process'
import { readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readLines } from './process.ts'
import { EmbeddedPostgresError } from './errors.ts'

/**
 * Stops the running postmaster of the database directory `dir`. It is an orphan, because the caller holds the lock of
 * the data directory. If another program has its process id by now, removes the pid file, because PostgreSQL would
 * trust it. Throws EmbeddedPostgresError when the postmaster does not stop.
 */
export async function stopOrphan(dir: string): Promise<void> {
  const pidFile = join(dir, 'postmaster.pid')
  const pid = Number(readLines(pidFile)[0])
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return
  if (!worksIn(pid, dir)) {
    rmSync(pidFile, { force: true })
    return
  }
  for (const [signal, timeoutMs] of [
    ['SIGINT', 700],
    ['SIGQUIT', 700],
    ['SIGKILL', 2000],
  ] as const) {
    if (!send(pid, signal) || (await endsWithin(pid, dir, timeoutMs))) return
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

/** Waits until the process has ended. A zombie counts as ended, because it has no working directory. */
async function endsWithin(pid: number, dir: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    if (!isAlive(pid) || !worksIn(pid, dir)) return true
    await delay(10)
  }
  return false
}

/** Whether the process is a postmaster of `dir`, judged by its working directory. */
function worksIn(pid: number, dir: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dir)
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(dir)
  } catch {
    return false
  }
}
