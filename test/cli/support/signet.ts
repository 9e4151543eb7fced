/** Runs the CLI against a running server: as separate processes or, much faster, in the test's process. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { runIn } from '../../../src/cli/run.ts'
import { atEnd } from '../../support/endings.ts'
import { type Server, type ServerOptions, startServer, temporaryDir } from '../../support/server.ts'

const ROOT = join(import.meta.dirname, '../../..')
const NODE = join(ROOT, 'node_modules/node/bin/node')

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** The words of a command line, grouped for readability. */
type Words = readonly (string | readonly string[])[]

type RunSignet = (args: Words, options?: RunOptions) => Promise<Run>

export interface Signet {
  readonly server: Server
  /** The working directory of commands. */
  readonly dir: string
  /** Runs `signet` with arguments and returns its result. */
  readonly run: RunSignet
  /** Runs it with `--json`, expects it to succeed, and returns the document. */
  json<Document = Record<string, unknown>>(args: Words, options?: RunOptions): Promise<Document>
}

/** Starts a server, and returns the CLI with its settings. `own`: each command is a separate process. `env`: the server's. */
export async function startSignet(
  process: 'own' | 'shared' = 'shared',
  env: ServerOptions['env'] = {},
): Promise<Signet> {
  const server = await startServer({ env })
  const dir = temporaryDir('cli')
  const settings = { SIGNET_ISSUER: server.issuer, SIGNET_KEYS_DIR: server.keysDir }
  const runner = process === 'own' ? runSignet : runWithin
  const run: RunSignet = (args, options = {}) =>
    runner(args.flat(), { ...options, dir, env: { ...settings, ...options.env } })

  async function json<Document>(args: Words, options: RunOptions = {}): Promise<Document> {
    const { code, stdout, stderr } = await run([...args, '--json'], options)
    if (code !== 0 || stderr !== '') throw new Error(`signet ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
    return JSON.parse(stdout) as Document
  }

  return { server, dir, run, json }
}

/** Runs it as users do, in its own process. */
export function runSignet(args: readonly string[], options: RunOptions & { dir: string }): Promise<Run> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env }
  const flags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps']
  const child = spawn(NODE, [...flags, join(ROOT, 'bin/signet.js'), ...args], {
    cwd: options.dir,
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.end(options.input ?? '')
  // a command that a failed test no longer waits for
  atEnd(() => void child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Runs the same program in this process, with its own streams, folder and environment; one at a time. */
async function runWithin(args: readonly string[], options: RunOptions & { dir: string }): Promise<Run> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const texts = [stdout, stderr].map(gather)
  stdin.end(options.input ?? '')
  const restore = enter(options.dir, options.env ?? {})
  try {
    const streams = { stdin, stdout, stderr, serve: async () => 0 } as unknown as Parameters<typeof runIn>[1]
    const code = await runIn(args, streams)
    stdout.end()
    stderr.end()
    const [told = '', failed = ''] = await Promise.all(texts)
    return { code, stdout: told, stderr: failed }
  } finally {
    restore()
  }
}

async function gather(stream: PassThrough): Promise<string> {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
  return text
}

function enter(dir: string, env: Readonly<Record<string, string | undefined>>): () => void {
  const before = { dir: process.cwd(), env: process.env }
  process.chdir(dir)
  const kept = { PATH: before.env['PATH'], HOME: before.env['HOME'], ...env }
  process.env = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
  return () => {
    process.chdir(before.dir)
    process.env = before.env
  }
}
