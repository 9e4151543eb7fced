/** Finds the command blocks of a document and runs them in a shell, one after the other, as a reader would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { atEnd } from '../endings.ts'
import { eventually } from '../eventually.ts'

export interface Block {
  /** The line of the opening fence, from 1. */
  readonly line: number
  readonly language: string
  readonly code: string
}

/** Returns all fenced blocks of a Markdown text. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)\n([^]*?)^```/gm)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length,
    language: match[1] ?? '',
    code: match[2] ?? '',
  }))
}

/** Whether a block starts a server that the reader leaves running. */
export const staysOpen = (block: Block): boolean => /\bnpm (start|run demo|run dev)\s*$/.test(block.code)

export interface Shell {
  /** Runs a block and resolves with its output. Throws when a command fails. */
  run(code: string): Promise<string>
  /** Starts a block and waits until `url` answers. */
  open(code: string, url: string): Promise<void>
  /**
   * Sends Ctrl-C to the running block. Resolves with its exit code or the signal that ended it, or undefined when none
   * ran.
   */
  interrupt(): Promise<number | string | undefined>
}

/** Opens a shell in `cwd`. A running block ends with the test file. */
export function openShell(cwd: string, env: NodeJS.ProcessEnv): Shell {
  let open: ChildProcess | undefined
  let output = ''

  function start(code: string, take: (chunk: string) => void): ChildProcess {
    // its own process group, so that the signal of Ctrl-C reaches all processes, as in a terminal
    const args = ['-euo', 'pipefail', '-c', code]
    const child = spawn('bash', args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => take(chunk.toString()))
    atEnd(() => running(child) && child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'))
    return child
  }

  async function ended(child: ChildProcess): Promise<number | string> {
    if (running(child)) await new Promise((resolve) => child.once('close', resolve))
    return child.exitCode ?? String(child.signalCode)
  }

  return {
    run: async (code) => {
      let said = ''
      const child = start(code, (chunk) => (said += chunk))
      const exit = await ended(child)
      if (exit !== 0) throw new Error(`exit code ${exit} of\n${code}\n${said}\n${output.slice(-2000)}`)
      return said
    },
    open: async (code, url) => {
      output = ''
      const child = start(code, (chunk) => (output += chunk))
      open = child
      const silence = () => `${url} did not answer after\n${code}\n${output.slice(-4000)}`
      const answersOrHasEnded = async () => {
        if (!running(child)) return true
        return (await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined))?.ok === true
      }
      await eventually(answersOrHasEnded, 120_000, silence)
      if (!running(child)) throw new Error(silence())
    },
    interrupt: async () => {
      if (open?.pid === undefined || !running(open)) return undefined
      const end = ended(open)
      process.kill(-open.pid, 'SIGINT')
      return end
    },
  }
}

function running(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
