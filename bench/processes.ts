/** Starts and ends the processes of the benchmark, each pinned to a core where the machine can do that. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const ROOT = join(import.meta.dirname, '..')

/** Whether the server gets a core of its own; everything else (database, load) then shares the other. */
export const pinned = ['0', '1'].every((core) => spawnSync('taskset', ['-c', core, 'true']).status === 0)

export type Core = 'server' | 'rest'

/** How much the load yields to the server and its database: usually it would come from another machine. */
export const YIELDING = 10

function onCore(core: Core, args: readonly string[]): [string, string[]] {
  if (!pinned) return [process.execPath, [...args]]
  return core === 'server'
    ? ['taskset', ['-c', '0', process.execPath, ...args]]
    : ['taskset', ['-c', '1', 'nice', '-n', String(YIELDING - getPriority()), process.execPath, ...args]]
}

/** Moves a process, and what it starts from now on, to the core that the server does not use. */
export function moveToRest(pid: number): void {
  if (pinned) spawnSync('taskset', ['--all-tasks', '-cp', '1', String(pid)])
}

export interface Started {
  readonly pid: number
  stop(): Promise<void>
}

/** Starts a server of ours on the server's core; `log` is a file descriptor for its output, or undefined. */
export function startServer(args: readonly string[], log: number | 'inherit', env: NodeJS.ProcessEnv = {}): Started {
  const [command, all] = onCore('server', args)
  const child = spawn(command, all, { cwd: ROOT, stdio: ['ignore', log, log], env: { ...process.env, ...env } })
  if (child.pid === undefined) throw new Error(`${command} could not be started`)
  return { pid: child.pid, stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const { promise, resolve } = Promise.withResolvers<void>()
  child.once('exit', () => resolve())
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await promise
  clearTimeout(timer)
}

/** Runs a program of the benchmark to its end on the other core and gives back its stdout. */
export async function runBeside(args: readonly string[], input: string): Promise<string> {
  const [command, all] = onCore('rest', args)
  const running = promisify(execFile)(command, all, { cwd: ROOT, maxBuffer: 1 << 24 })
  running.child.stdin?.end(input)
  return (await running).stdout
}

/** Asks `url` until it answers 200; throws after 30 seconds. */
export async function untilAnswers(url: string): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    if (answer?.ok) return
    if (Date.now() > deadline)
      throw new Error(`${url} did not answer within 30 s (last: ${answer?.status ?? 'nothing'})`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return promise
}

/** The processor time a process has used, in milliseconds, where the kernel tells it. */
export function processorMilliseconds(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    // user and system time, in hundredths of a second on every Linux that Node runs on
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return undefined
  }
}

/** The resident memory of a process in MB, where the kernel tells it. */
export function residentMegabytes(pid: number): number | undefined {
  try {
    const kilobytes = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)?.[1]
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
  } catch {
    return undefined
  }
}
