/** Starts the server that the suite is run against, as its users run it, on certificates and a folder of this run. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Credentials } from './credentials.ts'
import { ConformanceFailed, type ConformanceOptions } from './options.ts'

const SIGNET = join(import.meta.dirname, '../bin/signet.js')
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000

export interface Addresses {
  readonly issuer: string
  /** The listener that asks clients for a certificate. */
  readonly mtls: string
  /** The API whose tokens the FAPI plans ask for, and its identifier. */
  readonly api: string
}

export interface ServerInput {
  readonly options: ConformanceOptions
  readonly addresses: Addresses
  readonly credentials: Credentials
  /** Where the database and the keys are kept. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface StartedServer {
  readonly keysDir: string
  /** Resolves when the process has ended. */
  readonly ended: Promise<unknown>
  stop(): Promise<void>
}

export function addressesOf({ host, ports }: ConformanceOptions): Addresses {
  const at = (port: number) => `https://${host}:${port}`
  return { issuer: at(ports.issuer), mtls: at(ports.mtls), api: at(ports.api) }
}

/** Starts the server and waits until it is ready. Throws ConformanceFailed. */
export async function startServer(input: ServerInput, stopping: AbortSignal): Promise<StartedServer> {
  const keysDir = join(input.folder, 'keys')
  const env = { ...input.env, ...settingsOf(input, keysDir) }
  // a host that is not loopback turns on production mode, where a start makes no keys
  await promisify(execFile)(process.execPath, [SIGNET, 'init'], { env })
  const child = spawn(process.execPath, [SIGNET, 'serve'], { env, stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = once(child, 'exit')
  const server = { keysDir, ended, stop: () => stop(child, ended) }
  try {
    await untilReady(child, input.options, stopping)
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

function settingsOf({ options, addresses, credentials, folder, env }: ServerInput, keysDir: string) {
  const { files } = credentials
  return {
    LOG_LEVEL: env['LOG_LEVEL'] ?? 'warn',
    SIGNET_ISSUER: addresses.issuer,
    PORT: String(options.ports.issuer),
    HOST: options.listen,
    SIGNET_MANAGEMENT_PORT: String(options.ports.management),
    SIGNET_KEYS_DIR: keysDir,
    SIGNET_DATA_DIR: join(folder, 'data'),
    SIGNET_TLS_CERT_FILE: files.certificate,
    SIGNET_TLS_KEY_FILE: files.key,
    SIGNET_MTLS_PORT: String(options.ports.mtls),
    SIGNET_MTLS_URL: addresses.mtls,
    SIGNET_MTLS_CLIENT_CA_FILE: files.authority,
    // the suite's keys, logout and notification endpoints are at an address that is private as a rule
    SIGNET_FETCH_ALLOW: [new URL(options.suite).hostname, '127.0.0.0/8', '::1'].join(','),
    // for production mode: the database lives as long as this run
    SIGNET_ALLOW_EMBEDDED_DATABASE: 'true',
    ...(options.suiteCa !== undefined && { NODE_EXTRA_CA_CERTS: options.suiteCa }),
  }
}

async function untilReady(child: ChildProcess, { ports }: ConformanceOptions, stopping: AbortSignal): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline && !stopping.aborted) {
    if (hasEnded(child)) throw new ConformanceFailed('The server did not start.')
    const response = await fetch(`http://127.0.0.1:${ports.management}/health/ready`).catch(() => undefined)
    if (response?.status === 200) return
    await delay(50)
  }
  throw new ConformanceFailed(`The server was not ready within ${START_TIMEOUT_MS / 1000} seconds.`)
}

/** On a terminal Ctrl-C has reached the server already; it takes the two for one. */
async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (hasEnded(child)) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
