/** The three servers that are compared: each is started, registered with and described alike. */
import { execFile } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import pg from 'pg'
import { freePort, moveToRest, ROOT, startServer, untilAnswers } from './processes.ts'
import type { ServerSettings } from './servers/settings.ts'

export const RESOURCE = 'https://api.example.com'
export const SCOPE = 'posts:read'

export interface Contestant {
  readonly name: 'signet' | 'bare' | 'floor'
  readonly pid: number
  readonly issuer: string
  readonly clientId: string
  readonly privateJwk: JWK
  /** Commits in its database since it was made; undefined where there is no database. */
  commits(): Promise<number | undefined>
  stop(): Promise<void>
}

/** The floor and the engine alone know their one client from the start. */
export async function startBare(name: 'bare' | 'floor'): Promise<Contestant> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const settings: ServerSettings = {
    port,
    issuer,
    clientId: 'bench',
    clientJwk: await exportJWK(publicKey),
    resource: RESOURCE,
    scope: SCOPE,
  }
  const file = name === 'bare' ? 'bench/servers/bare-provider.ts' : 'bench/servers/floor.ts'
  const server = startServer(['--disable-warning=ExperimentalWarning', file, JSON.stringify(settings)], 'inherit')
  await untilAnswers(`http://127.0.0.1:${port}/jwks`)
  const privateJwk = await exportJWK(privateKey)
  return {
    name,
    pid: server.pid,
    issuer,
    clientId: 'bench',
    privateJwk,
    commits: async () => undefined,
    stop: server.stop,
  }
}

/** Signet as `npm start` runs it: embedded PostgreSQL, one process, audit, metrics and JSON logs (into a file). */
export async function startSignet(): Promise<Contestant> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
  const port = await freePort()
  const environment = {
    PORT: String(port),
    SIGNET_MANAGEMENT_PORT: String(await freePort()),
    SIGNET_DATA_DIR: join(folder, 'data'),
    SIGNET_KEYS_DIR: join(folder, 'keys'),
    SIGNET_WORKERS: '1',
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
  }
  const log = openSync(join(folder, 'log'), 'a')
  const flags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps']
  const server = startServer([...flags, 'bin/signet.js', 'serve'], log, environment)
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilAnswers(`http://127.0.0.1:${environment.SIGNET_MANAGEMENT_PORT}/health/ready`)
    const postmaster = readFileSync(join(folder, 'data/postgres/postmaster.pid'), 'utf8').split('\n')
    await moveDatabase(databaseUrl(folder, postmaster[3]), Number(postmaster[0]))
    const { clientId, privateJwk } = await register(folder, environment)
    const commits = () => countCommits(databaseUrl(folder, postmaster[3]))
    return { name: 'signet', pid: server.pid, issuer: `http://localhost:${port}`, clientId, privateJwk, commits, stop }
  } catch (error) {
    process.stderr.write(readFileSync(join(folder, 'log'), 'utf8').slice(-4000))
    await stop()
    throw error
  }
}

function databaseUrl(folder: string, port = ''): string {
  const password = readFileSync(join(folder, 'data/postgres-password'), 'utf8').trim()
  return `postgres://signet:${password}@127.0.0.1:${port.trim()}/postgres`
}

async function onDatabase<Row>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows as Row[]
  } finally {
    await client.end()
  }
}

/** The database inherits the server's core; it belongs on the other, with the rest. */
async function moveDatabase(url: string, postmaster: number): Promise<void> {
  const processes = await onDatabase<{ pid: number }>(url, 'SELECT pid FROM pg_stat_activity')
  for (const pid of [postmaster, ...processes.map((row) => row.pid)]) moveToRest(pid)
}

async function countCommits(url: string): Promise<number> {
  // a connection of PostgreSQL reports what it did about once a second
  await new Promise((resolve) => setTimeout(resolve, 2500))
  const rows = await onDatabase<{ commits: string }>(url, 'SELECT sum(xact_commit) AS commits FROM pg_stat_database')
  return Number(rows[0]?.commits)
}

/** Registers the API and the machine by the commands an operator would use. */
async function register(
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ clientId: string; privateJwk: JWK }> {
  const keyFile = join(folder, 'machine.jwk.json')
  const signet = async (...args: string[]): Promise<string> => {
    const options = { cwd: ROOT, env: { ...process.env, ...environment } }
    return (await promisify(execFile)(process.execPath, ['bin/signet.js', ...args], options)).stdout
  }
  await signet('resources', 'create', RESOURCE, '--name', 'Posts', '--scope', SCOPE, '--json')
  const profile = ['--profile', 'machine', '--name', 'bench', '--generate-key', keyFile]
  const client = await signet('clients', 'create', ...profile, '--allow', `${RESOURCE}=${SCOPE}`, '--json')
  const { client_id: clientId } = JSON.parse(client) as { client_id: string }
  return { clientId, privateJwk: JSON.parse(readFileSync(keyFile, 'utf8')) as JWK }
}
