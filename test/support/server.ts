/** Signet as its users run it: real processes on free ports with their own database. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, buildConnector, fetch as undiciFetch } from 'undici'
import { atEnd } from './endings.ts'
import { freePort } from './ports.ts'
import { cloneDatabase } from './postgres.ts'
import { eventually } from './eventually.ts'

const ROOT = join(import.meta.dirname, '../..')
const NODE = join(ROOT, 'node_modules/node/bin/node')
const START_TIMEOUT_MS = 90_000

export interface ServerOptions {
  /** Default: a new clone of the migrated template. */
  readonly databaseUrl?: string
  /** Additional environment variables; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Default: a new empty folder, in which the first start creates keys. */
  readonly keysDir?: string
}

/** The part of a server that a request needs. */
export type Reachable = Pick<Server, 'issuer' | 'fetch'>

export interface Server {
  readonly issuer: string
  readonly port: number
  readonly managementUrl: string
  readonly databaseUrl: string
  readonly keysDir: string
  readonly pid: number
  /**
   * Like the global fetch, but connects to this process for every URL, so that a request with the issuer's URL and Host
   * header reaches this node. A path is relative to the issuer.
   */
  readonly fetch: typeof globalThis.fetch
  /** The output on stdout and stderr so far. */
  logs(): string
  /** The JSON lines of the log, parsed. */
  logLines(): Record<string, unknown>[]
  /** Sends a signal, and waits for the process to exit if the signal stops it. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Sends SIGTERM and returns the exit code. */
  stop(): Promise<number | null>
  /** Restarts with the same settings after `kill` or `stop`, and waits until it answers. */
  restart(): Promise<void>
}

/** Starts one server and waits until it answers. It stops with the test file at the latest. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const [server] = await startServers(1, options)
  return server as Server
}

/** Starts processes of one issuer with one database and one set of keys; the issuer's URL leads to the first. */
export async function startServers(count: number, options: ServerOptions = {}): Promise<Server[]> {
  const databaseUrl = options.databaseUrl ?? (await cloneDatabase()).url
  const keysDir = options.keysDir ?? temporaryDir('keys')
  const issuer = options.env?.['SIGNET_ISSUER']
  const servers: Server[] = []
  for (let index = 0; index < count; index++) {
    const port = Number(options.env?.['PORT'] ?? (await freePort()))
    const server = createServer({
      issuer: issuer ?? servers[0]?.issuer ?? `http://localhost:${port}`,
      port: index === 0 ? port : await freePort(),
      managementPort: await freePort(),
      databaseUrl,
      keysDir,
      env: options.env ?? {},
    })
    await server.restart()
    servers.push(server)
  }
  return servers
}

/** Creates a folder that is removed with the test file. */
export function temporaryDir(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `signet-test-${name}-`))
  chmodSync(dir, 0o700)
  atEnd(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

interface Settings {
  readonly issuer: string
  readonly port: number
  readonly managementPort: number
  readonly databaseUrl: string
  readonly keysDir: string
  readonly env: Readonly<Record<string, string | undefined>>
}

function createServer(settings: Settings): Server {
  let child: ChildProcess | undefined
  let output = ''
  const agent = agentTo(settings.port)
  const managementUrl = `http://127.0.0.1:${settings.managementPort}`

  async function restart(): Promise<void> {
    child = spawnServer(settings, (text) => (output += text))
    await untilItAnswers(child, managementUrl, () => output)
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (!child || hasEnded(child)) return
    const ended = endOf(child)
    child.kill(signal)
    if (['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT'].includes(signal)) await ended
  }

  async function stop(): Promise<number | null> {
    if (!child) return null
    const patience = setTimeout(() => child?.kill('SIGKILL'), 60_000)
    await kill('SIGTERM')
    clearTimeout(patience)
    return child.exitCode
  }

  atEnd(async () => {
    await kill('SIGKILL')
    await agent.destroy()
  })
  return {
    ...settings,
    managementUrl,
    get pid() {
      return child?.pid ?? 0
    },
    fetch: fetchThrough(agent, settings.issuer),
    logs: () => output,
    logLines: () => parseLines(output),
    kill,
    stop,
    restart,
  }
}

function spawnServer(settings: Settings, onOutput: (text: string) => void): ChildProcess {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    SIGNET_ISSUER: settings.issuer,
    SIGNET_MANAGEMENT_PORT: String(settings.managementPort),
    SIGNET_KEYS_DIR: settings.keysDir,
    DATABASE_URL: settings.databaseUrl,
    LOG_FORMAT: 'json',
    ...settings.env,
    PORT: String(settings.port),
  }
  const flags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps']
  const child = spawn(NODE, [...flags, join(ROOT, 'bin/signet.js'), 'serve'], {
    cwd: settings.keysDir, // no .env file of the checkout is read
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput)
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  return child
}

async function untilItAnswers(child: ChildProcess, managementUrl: string, logs: () => string): Promise<void> {
  const answersOrHasEnded = async () => {
    if (hasEnded(child)) return true
    const response = await fetch(`${managementUrl}/health/ready`).catch(() => undefined)
    return response?.status === 200
  }
  const tooLate = () => `the server did not answer within ${START_TIMEOUT_MS / 1000} seconds:\n${logs()}`
  try {
    await eventually(answersOrHasEnded, START_TIMEOUT_MS, tooLate)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  if (hasEnded(child)) throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}:\n${logs()}`)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('close', () => resolve()))
}

/** Returns a fetch like `Server.fetch` for a process on `port`. The caller closes the agent. */
export function fetchTo(port: number, issuer: string): { fetch: typeof globalThis.fetch; agent: Agent } {
  const agent = agentTo(port)
  return { fetch: fetchThrough(agent, issuer), agent }
}

function agentTo(port: number): Agent {
  const connect = buildConnector({})
  return new Agent({
    connect: (target, done) => connect({ ...target, hostname: '127.0.0.1', port: String(port) }, done),
  })
}

function fetchThrough(agent: Agent, issuer: string): typeof globalThis.fetch {
  const through = async (input: string | URL, init: object = {}) => {
    const url = typeof input === 'string' && input.startsWith('/') ? issuer + input : input
    return undiciFetch(url, { ...init, dispatcher: agent })
  }
  return through as unknown as typeof globalThis.fetch
}

function parseLines(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
