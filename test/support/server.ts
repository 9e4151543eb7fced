/** Signet on free ports with its own database: in the process of the test, or in its own, as its users run it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '#config/load.ts'
import { runPrimary } from '#main.ts'
import type { ServiceOverrides } from '#services.ts'
import { createLogger } from '#observability/logger.ts'
import { atEnd } from './endings.ts'
import { nextKeyPair } from './key-pairs.ts'
import { freePort } from './ports.ts'
import { cloneDatabase } from './postgres.ts'
import { createQuickHasher } from './quick-hasher.ts'
import { eventually } from './eventually.ts'
import { fetchTo } from './fetch-to.ts'

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
  /** Replacements of services; only for a server in the process of the test, whose hashes and keys cost less. */
  readonly overrides?: ServiceOverrides
}

/** The part of a server that a request needs. */
export type Reachable = Pick<Server, 'issuer' | 'fetch'>

export interface Server {
  readonly issuer: string
  readonly port: number
  readonly managementUrl: string
  readonly databaseUrl: string
  readonly keysDir: string
  /**
   * Like the global fetch, but connects to this server for every URL, so that a request with the issuer's URL and Host
   * header reaches this node. A path is relative to the issuer.
   */
  readonly fetch: typeof globalThis.fetch
  /** The output on stdout and stderr so far. */
  logs(): string
  /** The JSON lines of the log, parsed. */
  logLines(): Record<string, unknown>[]
  /** Stops the server as SIGTERM does and returns the exit code. */
  stop(): Promise<number | null>
  /** Starts again, after a stop, and waits until it answers; later starts keep the further environment variables. */
  restart(changes?: ServerOptions['env']): Promise<void>
}

/** A server in its own process. */
export interface ServerProcess extends Server {
  readonly pid: number
  /** Sends a signal, and waits for the process to exit if the signal stops it. */
  kill(signal: NodeJS.Signals): Promise<void>
}

/**
 * Starts a server in the process of the test, or in its own when the environment has `NODE_OPTIONS`, and waits until it
 * answers. It stops with the test file at the latest.
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const [server] = await startServers(1, options)
  return server as Server
}

/** Starts servers of one issuer with one database and one set of keys; the issuer's URL leads to the first. */
export function startServers(count: number, options: ServerOptions = {}): Promise<Server[]> {
  const hasNodeOptions = options.env?.['NODE_OPTIONS'] !== undefined
  return hasNodeOptions ? startProcesses(count, options) : startEach(count, options, startWithin)
}

/** Starts one server in its own process and waits until it answers. It stops with the test file at the latest. */
export async function startProcess(options: ServerOptions = {}): Promise<ServerProcess> {
  const [server] = await startProcesses(1, options)
  return server as ServerProcess
}

/** Starts processes of one issuer with one database and one set of keys; the issuer's URL leads to the first. */
export function startProcesses(count: number, options: ServerOptions = {}): Promise<ServerProcess[]> {
  return startEach(count, options, async (settings) => {
    const server = createServerProcess(settings)
    await server.restart()
    return server
  })
}

async function startEach<Started>(
  count: number,
  options: ServerOptions,
  start: (settings: Settings) => Promise<Started>,
): Promise<Started[]> {
  const first = await settingsOf(options)
  const servers = [await start(first)]
  while (servers.length < count) {
    servers.push(await start(await settingsOf({ ...first, env: { ...first.env, PORT: undefined } })))
  }
  return servers
}

async function startWithin(settings: Settings): Promise<Server> {
  const { fetch, agent } = fetchTo(settings.port, settings.issuer)
  let { env } = settings
  let output = ''
  let end: (() => Promise<void>) | undefined

  async function restart(changes: ServerOptions['env'] = {}): Promise<void> {
    env = { ...env, ...changes }
    const loaded = loadConfig(environmentOf({ ...settings, env }))
    const { logLevel: level, logFormat: format } = loaded.config
    const logger = createLogger({ level, format }, { write: (line) => void (output += line) })
    const { promise: requested, resolve } = Promise.withResolvers<NodeJS.Signals>()
    const ended = runPrimary(loaded, logger, { requested, arm() {}, forget() {} }, settings.overrides)
    end = () => (resolve('SIGTERM'), ended)
    await Promise.race([ended, untilReady(settings.managementUrl, () => output)])
  }

  async function stop(): Promise<number> {
    await end?.()
    return 0
  }

  atEnd(async () => {
    await agent.destroy()
    await stop()
  })
  await restart()
  return {
    ...settings,
    fetch,
    logs: () => output,
    logLines: () => parseLines(output),
    stop,
    restart,
  }
}

interface Settings {
  readonly issuer: string
  readonly port: number
  readonly managementUrl: string
  readonly databaseUrl: string
  readonly keysDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly overrides: ServiceOverrides
}

async function settingsOf(options: ServerOptions): Promise<Settings> {
  const port = Number(options.env?.['PORT'] ?? (await freePort()))
  const issuer = options.env?.['SIGNET_ISSUER'] ?? `http://localhost:${port}`
  return {
    issuer,
    port,
    managementUrl: `http://127.0.0.1:${await freePort()}`,
    databaseUrl: options.databaseUrl ?? (await cloneDatabase()).url,
    keysDir: options.keysDir ?? temporaryDir('keys'),
    env: { ...options.env, SIGNET_ISSUER: issuer },
    overrides: { createHasher: createQuickHasher, generateKeyPair: nextKeyPair, ...options.overrides },
  }
}

function environmentOf({ port, managementUrl, databaseUrl, keysDir, env }: Settings): Record<string, string> {
  const all = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    SIGNET_MANAGEMENT_PORT: new URL(managementUrl).port,
    SIGNET_KEYS_DIR: keysDir,
    DATABASE_URL: databaseUrl,
    LOG_FORMAT: 'json',
    // tests look for the event of each refusal
    SIGNET_REFUSALS_PER_MINUTE: '1000000',
    ...env,
    PORT: String(port),
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Creates a folder that is removed with the test file. */
export function temporaryDir(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `signet-test-${name}-`))
  chmodSync(dir, 0o700)
  atEnd(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

function createServerProcess(settings: Settings): ServerProcess {
  let { env } = settings
  let child: ChildProcess | undefined
  let output = ''
  const { fetch, agent } = fetchTo(settings.port, settings.issuer)

  async function restart(changes: ServerOptions['env'] = {}): Promise<void> {
    env = { ...env, ...changes }
    child = spawnServer({ ...settings, env }, (text) => (output += text))
    await untilItAnswers(child, settings.managementUrl, () => output)
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
    get pid() {
      return child?.pid ?? 0
    },
    fetch,
    logs: () => output,
    logLines: () => parseLines(output),
    kill,
    stop,
    restart,
  }
}

function spawnServer(settings: Settings, onOutput: (text: string) => void): ChildProcess {
  const flags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps']
  const child = spawn(NODE, [...flags, join(ROOT, 'bin/signet.js'), 'serve'], {
    cwd: settings.keysDir, // no .env file of the checkout is read
    env: environmentOf(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput)
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  return child
}

/** Throws when the process ends before it answers, or does not answer in time. */
async function untilItAnswers(child: ChildProcess, managementUrl: string, logs: () => string): Promise<void> {
  try {
    await untilReady(managementUrl, logs, () => hasEnded(child))
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  if (hasEnded(child)) throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}:\n${logs()}`)
}

/** Resolves when the server is ready or has ended. Throws when neither happens in time. */
async function untilReady(managementUrl: string, logs: () => string, isOver = () => false): Promise<void> {
  const answersOrHasEnded = async () => {
    if (isOver()) return true
    const response = await fetch(`${managementUrl}/health/ready`).catch(() => undefined)
    return response?.status === 200
  }
  const tooLate = () => `the server did not answer within ${START_TIMEOUT_MS / 1000} seconds:\n${logs()}`
  await eventually(answersOrHasEnded, START_TIMEOUT_MS, tooLate)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('close', () => resolve()))
}

function parseLines(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
