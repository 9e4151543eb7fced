/** One run of the postmaster, and the watcher that ends it should this process be killed. */
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
  /** Further settings of postgresql.conf. */
  readonly settings: Readonly<Record<string, string>>
  readonly logger: Log | undefined
}

export interface Postmaster {
  readonly pid: number
  /** Settles when the process has ended, however. */
  readonly ended: Promise<void>
  /** A fast shutdown; an immediate one when that takes more than ten seconds. */
  stop(): Promise<void>
}

/** The postmaster ended before it took connections; `log` has its last words. */
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

/** Starts the postmaster in a session of its own and waits until it takes connections. Throws PostmasterFailed. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const watcher = startWatcher(options.runAs, SHUTDOWN)
  const { program, args } = options.runAs.command(options.postgres, postmasterArguments(options))
  const child = spawn(program, args, {
    cwd: '/',
    detached: true, // setsid: Ctrl-C in a terminal reaches the server alone, which then drains and stops us
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

/** Runs a program to its end, which comes at once should this process be killed. What went wrong, if anything did. */
export async function failureOf(runAs: RunAs, binary: string, given: readonly string[]): Promise<string | undefined> {
  const watcher = startWatcher(runAs, TERMINATION)
  const { program, args } = runAs.command(binary, given)
  const child = spawn(program, args, { cwd: '/', env: PATH_ONLY, stdio: ['ignore', 'ignore', 'pipe'], ...runAs.spawn })
  if (child.pid !== undefined) watcher.watch(child.pid)
  try {
    const [said, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')])
    return code === 0 ? undefined : said.trim() || `it ended with ${signal ?? code}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    watcher.forget()
  }
}

/** A TCP port of the loopback interface that is free now. */
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
    unix_socket_directories: '', // the path of a socket may have 107 bytes only
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    ...options.settings,
  }
  return ['-D', options.dir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** Waits for the word "ready" in the eighth line of postmaster.pid, as pg_ctl does. */
async function ready(dir: string, child: ChildProcess, ended: Promise<void>, log: string[]): Promise<void> {
  const over = ended.then(() => true)
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadline) {
    const lines = readLines(join(dir, 'postmaster.pid'))
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return
    if (await Promise.race([delay(5, false), over])) break
  }
  await stop(child, ended)
  await delay(20) // what it said last may still be in the pipe
  throw new PostmasterFailed(log.join('\n'))
}

/** The lines of a small file, none when it is not there. */
export function readLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.ref() // this process waits for the end
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 2000],
    ['SIGKILL', 2000],
  ] as const) {
    child.kill(signal)
    const gone = await Promise.race([ended.then(() => true), delay(patienceMs, false, { ref: false })])
    if (gone) return
  }
}

function collectLog(child: ChildProcess, logger: Log | undefined): string[] {
  const kept: string[] = []
  if (!child.stderr) return kept
  createInterface({ input: child.stderr }).on('line', (line) => {
    kept.push(line)
    if (kept.length > KEPT_LOG_LINES) kept.shift()
    if (/ (FATAL|PANIC): /.test(line)) logger?.warn({ postgres: line }, 'embedded PostgreSQL')
    else logger?.debug({ postgres: line }, 'embedded PostgreSQL')
  })
  return kept
}

/** How a postmaster is ended: fast, after a second immediately, then by force; each signal with tenths of a second. */
const SHUTDOWN = ['INT:10', 'QUIT:3', 'KILL:1']
/** How another program of PostgreSQL is: initdb does not hear SIGINT while it tries settings out. */
const TERMINATION = ['TERM:10', 'KILL:1']

/**
 * Reads process ids from its standard input, the last one counts. When the pipe closes because this process died it
 * sends that process the signals of its arguments until it is gone. Shell and `sleep` exist everywhere.
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

/** Lets this process end although the child runs. */
function unref(child: ChildProcess): void {
  child.unref()
  for (const stream of [child.stdin, child.stderr]) {
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
}
