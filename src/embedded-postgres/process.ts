/** Runs the postmaster, with a watcher that stops it if this process is killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { PATH_ONLY, type RunAs } from './user.ts'
import { EmbeddedPostgresError } from './errors.ts'
import type { Log } from '#shared/log.ts'

export interface PostmasterOptions {
  readonly postgres: string
  /** The database directory (PGDATA). */
  readonly dir: string
  readonly port: number
  readonly runAs: RunAs
  /** Additional settings for postgresql.conf. */
  readonly settings: Readonly<Record<string, string>>
  readonly logger: Log | undefined
}

export interface Postmaster {
  readonly pid: number
  /** Resolves when the process has ended, for any reason. */
  readonly ended: Promise<void>
  /** Performs a fast shutdown, and an immediate one after ten seconds. */
  stop(): Promise<void>
}

/** The postmaster exited before it accepted connections; `log` has its last lines. */
export class PostmasterFailed extends EmbeddedPostgresError {
  readonly log: string

  constructor(log: string) {
    const reason = /(?:FATAL|PANIC): +(.+)/.exec(log)?.[1] ?? (log.split('\n').at(-1) || 'it gave no reason')
    super(`The embedded PostgreSQL did not start: ${reason}`, { logDetail: log })
    this.log = log
  }
}

const READY_TIMEOUT_MS = 30_000
const KEPT_LOG_LINES = 20

/** Starts the postmaster in its own session and waits until it accepts connections. Throws PostmasterFailed. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const watcher = startWatcher(options.runAs, SHUTDOWN)
  const { program, args } = options.runAs.command(options.postgres, postmasterArguments(options))
  const child = spawn(program, args, {
    cwd: '/',
    detached: true, // setsid: Ctrl-C in a terminal then reaches only the server, which drains and stops the postmaster
    env: PATH_ONLY,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options.runAs.spawn,
  })
  const log = collectLog(child, options.logger)
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      log.push(error.message)
      resolve()
    })
    child.once('exit', () => resolve())
  }).finally(() => watcher.forget())
  unref(child)
  if (child.pid !== undefined) watcher.watch(child.pid)
  await ready(options.dir, child, ended, log)
  return { pid: child.pid as number, ended, stop: () => stop(child, ended) }
}

/**
 * Runs a program until it exits; a watcher stops it if this process is killed. Returns what went wrong, or undefined on
 * success.
 */
export async function failureOf(runAs: RunAs, binary: string, given: readonly string[]): Promise<string | undefined> {
  const watcher = startWatcher(runAs, TERMINATION)
  const { program, args } = runAs.command(binary, given)
  const child = spawn(program, args, { cwd: '/', env: PATH_ONLY, stdio: ['ignore', 'ignore', 'pipe'], ...runAs.spawn })
  if (child.pid !== undefined) watcher.watch(child.pid)
  try {
    const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')])
    return code === 0 ? undefined : stderr.trim() || `it ended with ${signal ?? code}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    watcher.forget()
  }
}

/** Returns a free TCP port of the loopback interface. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}

function postmasterArguments(options: PostmasterOptions): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '', // the path of a socket is limited to 107 bytes
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    ...options.settings,
  }
  return ['-D', options.dir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** Waits for the word "ready" in the eighth line of postmaster.pid, as pg_ctl does. */
async function ready(dir: string, child: ChildProcess, ended: Promise<void>, log: string[]): Promise<void> {
  const exited = ended.then(() => true)
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadline) {
    const lines = readLines(join(dir, 'postmaster.pid'))
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return
    if (await Promise.race([delay(5, false), exited])) break
  }
  await stop(child, ended)
  await delay(20) // its last lines may still be in the pipe
  throw new PostmasterFailed(log.join('\n'))
}

/** Returns the lines of a small file, or none when it does not exist. */
export function readLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.ref() // keeps this process alive until the child has ended
  for (const [signal, timeoutMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 2000],
    ['SIGKILL', 2000],
  ] as const) {
    child.kill(signal)
    const gone = await Promise.race([ended.then(() => true), delay(timeoutMs, false, { ref: false })])
    if (gone) return
  }
}

function collectLog(child: ChildProcess, logger: Log | undefined): string[] {
  const recentLines: string[] = []
  if (!child.stderr) return recentLines
  createInterface({ input: child.stderr }).on('line', (line) => {
    recentLines.push(line)
    if (recentLines.length > KEPT_LOG_LINES) recentLines.shift()
    if (/ (FATAL|PANIC): /.test(line)) logger?.warn({ postgres: line }, 'embedded PostgreSQL')
    else logger?.debug({ postgres: line }, 'embedded PostgreSQL')
  })
  return recentLines
}

/**
 * How the watcher stops a postmaster: fast, then immediate shutdown, then by force. Each signal has its time limit in
 * tenths of a second.
 */
const SHUTDOWN = ['INT:10', 'QUIT:3', 'KILL:1']
/** How the watcher stops initdb, which ignores SIGINT while it tries settings. */
const TERMINATION = ['TERM:10', 'KILL:1']

/**
 * Reads process ids from standard input and keeps the last one. When the pipe closes, because this process died, sends
 * that process the signals given as arguments until it is gone. It needs only a shell and `sleep`.
 */
const WATCHER = `
pid=0
while read -r line; do pid=$line; done
[ "$pid" = 0 ] && exit 0
for try; do
  kill -"\${try%:*}" "$pid" 2>/dev/null || exit 0
  left=\${try#*:}
  while [ "$left" -gt 0 ]; do
    sleep 0.1
    kill -0 "$pid" 2>/dev/null || exit 0
    left=$((left - 1))
  done
done
`

function startWatcher(runAs: RunAs, signals: readonly string[]): { watch(pid: number): void; forget(): void } {
  const child = spawn('/bin/sh', ['-c', WATCHER, 'sh', ...signals], {
    cwd: '/',
    detached: true,
    env: PATH_ONLY,
    stdio: ['pipe', 'ignore', 'ignore'],
    ...runAs.owner,
  })
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  unref(child)
  return {
    watch: (pid) => child.stdin.write(`${pid}\n`),
    forget: () => child.stdin.end('0\n'),
  }
}

/** Lets this process exit while the child runs. */
function unref(child: ChildProcess): void {
  child.unref()
  for (const stream of [child.stdin, child.stderr]) {
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
}
