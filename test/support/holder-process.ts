/** Starts `embedded-holder.ts` in its own process, as another user if asked. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RunAs } from '#embedded-postgres/user.ts'
import { atEnd } from './endings.ts'
import { eventually } from './eventually.ts'

const NODE = join(import.meta.dirname, '../../node_modules/node/bin/node')

export interface Holder {
  readonly process: ChildProcess
  /** The first line that it printed. */
  readonly said: { url: string; pid: number; refused?: string }
  /** Resolves with the next line that it prints. */
  nextLine(): Promise<unknown>
}

export interface HolderOptions {
  readonly dataDir: string
  readonly binDir?: string
  readonly as?: RunAs
  readonly env?: Record<string, string>
}

/** Starts it without waiting for output. */
export function spawnHolder(options: HolderOptions) {
  const script = fileURLToPath(new URL('./embedded-holder.ts', import.meta.url))
  const args = ['--disable-warning=ExperimentalWarning', script, options.dataDir]
  if (options.binDir !== undefined) args.push(options.binDir)
  const command = options.as?.command(NODE, args) ?? { program: NODE, args }
  const child = spawn(command.program, command.args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...options.env },
    ...options.as?.spawn,
  })
  atEnd(() => child.kill('SIGKILL'))
  return child
}

export async function startHolder(options: HolderOptions): Promise<Holder> {
  const child = spawnHolder(options)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the holder said nothing more')
    return JSON.parse(value) as unknown
  }
  return { process: child, said: (await nextLine()) as Holder['said'], nextLine }
}

/** Kills it without notice, as the kernel does when memory runs out. */
export async function killHard(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** Returns the processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return processes().filter((one) => statusOf(one)?.ppid === pid)
}

/** Whether a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  const state = statusOf(pid)?.state
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** Resolves as soon as none of the processes runs; rejects after `timeoutMs`. */
export async function allGone(pids: number[], timeoutMs: number): Promise<void> {
  const areGone = () => !pids.some(isRunning)
  await eventually(areGone, timeoutMs, () => `still running: ${pids.filter(isRunning).join(', ')}`)
}

function processes(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function statusOf(pid: number): { state: string; ppid: number } | undefined {
  try {
    const [state = '', ppid] = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ')
    return { state, ppid: Number(ppid) }
  } catch {
    return undefined
  }
}
