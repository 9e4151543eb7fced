/** The life of a server process: start, wait, drain, kill, workers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { describe, expect, test, vi } from 'vitest'
import { rollback } from '#database/migrate.ts'
import { atEnd } from '../support/endings.ts'
import { freePort } from '../support/ports.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { type Server, startProcess, temporaryDir } from '../support/server.ts'
import { administrator } from '../support/administrator.ts'
import { runSignet } from './support/signet.ts'
import { linesThatAreNoJson } from '../support/server-faults.ts'

// Whole processes start here, several in a test, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })
const PATIENT = { timeout: 40_000 }
const SHUTTING_DOWN = { status: 503, reason: 'the server is shutting down' }

type Listening = Pick<Server, 'issuer' | 'port' | 'managementUrl'>

/** A server that need not become ready. */
async function spawnServe(dir: string, env: Record<string, string>) {
  const port = await freePort()
  const managementPort = await freePort()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/signet.js'), 'serve'], {
    cwd: dir,
    env: { PATH: process.env['PATH'], PORT: String(port), SIGNET_MANAGEMENT_PORT: String(managementPort), ...env },
    stdio: 'ignore',
  })
  const ended = once(child, 'exit').then(([code]: unknown[]) => code)
  atEnd(() => child.kill('SIGKILL'))
  const managementUrl = `http://127.0.0.1:${managementPort}`
  await expect.poll(() => fetch(managementUrl).catch(() => undefined), PATIENT).toBeDefined()
  const stop = async () => {
    child.kill('SIGTERM')
    return ended
  }
  return { child, stop, port, issuer: `http://localhost:${port}`, managementUrl }
}

/** A request that the server has begun to handle and whose body is still to come: `finish` sends it and has the answer. */
async function openRequest(server: Listening): Promise<{ finish(): Promise<string>; socket: Socket }> {
  const socket = connect(server.port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
  socket.on('error', () => {})
  const body = 'grant_type=client_credentials&client_id=nobody'
  const host = new URL(server.issuer).host
  const head = [
    'POST /token HTTP/1.1',
    `Host: ${host}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    'Expect: 100-continue',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  await expect.poll(() => answer, PATIENT).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  answer = ''
  socket.write(body.slice(0, 10))
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(answer)))
  return {
    socket,
    finish: () => {
      socket.write(body.slice(10))
      return closed
    },
  }
}

async function probe(server: Listening, name: string): Promise<{ status: number; reason: string }> {
  const response = await fetch(`${server.managementUrl}/health/${name}`)
  const { reason } = (await response.json()) as { reason: string }
  return { status: response.status, reason }
}

describe('start', () => {
  test('the first start makes both keys, and the command line can administer at once', async () => {
    const server = await startProcess()
    for (const file of ['master.key', 'admin-cli.jwk.json']) {
      expect(statSync(join(server.keysDir, file)).mode & 0o777).toBe(0o600)
    }
    const created = await (await administrator(server)).audit('client.created')
    expect(created).toMatchObject([{ actor: { kind: 'system' }, subject: { kind: 'client', id: 'signet-cli' } }])
  })

  test('a production server registers the key that init made, and makes none by itself', async () => {
    const keysDir = temporaryDir('keys')
    await runSignet(['init'], { dir: keysDir, env: { SIGNET_KEYS_DIR: keysDir } })
    const key = JSON.parse(readFileSync(join(keysDir, 'admin-cli.jwk.json'), 'utf8')) as JWK
    const mail = { SMTP_URL: 'smtp://127.0.0.1:9', SIGNET_MAIL_FROM: 'id@example.com' }
    const env = { NODE_ENV: 'production', SIGNET_ALLOW_INSECURE_ISSUER: 'true', HOST: '127.0.0.1', ...mail }
    const server = await startProcess({ keysDir, env })
    const client = await (await administrator(server)).call<{ jwks: { keys: JWK[] } }>('GET', '/clients/signet-cli')
    expect(client.jwks.keys).toMatchObject([{ kid: key.kid, x: key.x }])
    expect(client.jwks.keys[0]).not.toHaveProperty('d')
    const warning = 'SIGNET_ALLOW_INSECURE_ISSUER is set, which a production server should not need'
    // of settings: what a busy machine has trouble with is told too
    const ofSettings = server.logLines().filter(({ level, msg }) => level === 'warn' && /[A-Z]_[A-Z]/.test(String(msg)))
    expect(ofSettings).toMatchObject([{ msg: warning }])
    expect(server.logs()).not.toContain('signet init')
  })

  test('a lost key of signet-cli is not made anew by a start', async () => {
    const first = await startProcess()
    await first.stop()
    const keysDir = temporaryDir('keys')
    const masterKeys = readFileSync(join(first.keysDir, 'master.key'), 'utf8').trim().split('\n').at(-1) as string
    const server = await startProcess({
      databaseUrl: first.databaseUrl,
      keysDir,
      env: { SIGNET_MASTER_KEYS: masterKeys },
    })
    expect((await server.fetch('/jwks')).status).toBe(200)
    expect(() => statSync(join(keysDir, 'admin-cli.jwk.json'))).toThrow(/ENOENT/)
  })

  test('without a terminal stdout has one JSON object a line and nothing else', async () => {
    const server = await startProcess()
    const ready = () => server.logLines().find(({ msg }) => msg === 'ready')
    await expect.poll(ready).toMatchObject({ level: 'info', issuer: server.issuer })
    await expect.poll(() => linesThatAreNoJson(server)).toEqual([])
  })

  test('with SIGNET_MIGRATE=off a start on an older schema waits, says so, and goes on after signet migrate', async () => {
    const { url } = await cloneDatabase()
    await rollback({ url })
    const dir = temporaryDir('waiting')
    const env = { DATABASE_URL: url, SIGNET_MIGRATE: 'off' }
    const waiting = await spawnServe(dir, env)
    const reason = 'the schema is older than this release (1 steps pending): run "signet migrate"'
    await expect.poll(() => probe(waiting, 'started'), PATIENT).toEqual({ status: 503, reason })
    expect(await probe(waiting, 'ready')).toEqual({ status: 503, reason })
    expect(await probe(waiting, 'live')).toMatchObject({ status: 200 })
    expect((await runSignet(['migrate'], { dir, env: { DATABASE_URL: url } })).code).toBe(0)
    await expect.poll(() => probe(waiting, 'started'), PATIENT).toMatchObject({ status: 200 })
    expect(await waiting.stop()).toBe(0)
  })
})

describe('SIGTERM', () => {
  test('what is open is answered with Connection: close, readiness turns 503, nothing new is taken, exit code 0', async () => {
    const server = await startProcess()
    const open = await openRequest(server)
    const ended = server.stop()
    await expect.poll(() => probe(server, 'ready'), PATIENT).toEqual(SHUTTING_DOWN)
    await expect(server.fetch('/jwks')).rejects.toThrow()
    const answer = await open.finish()
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer).toMatch(/^Connection: close\r$/im)
    expect(answer).toContain('"error":"invalid_client"')
    expect(await ended).toBe(0)
    expect(server.logLines().at(-1)).toMatchObject({ msg: 'stopped serving', cutOff: 0 })
  })

  test('idle connections do not hold the end up', async () => {
    const server = await startProcess()
    const agent = new Agent({ keepAlive: true })
    await get(server, agent)
    expect(await server.stop()).toBe(0)
    // one that held it up until it is cut off would be counted
    expect(server.logLines().at(-1)).toMatchObject({ msg: 'stopped serving', cutOff: 0 })
    agent.destroy()
  })

  test('a second signal quits at once, with exit code 1', async () => {
    const server = await spawnServe(temporaryDir('impatient'), { DATABASE_URL: (await cloneDatabase()).url })
    await expect.poll(() => probe(server, 'started'), PATIENT).toMatchObject({ status: 200 })
    const open = await openRequest(server)
    // A terminal and npm hand on the same Ctrl-C, so a signal right behind the first is not a second wish.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) server.child.kill(signal)
    await expect.poll(() => probe(server, 'ready'), PATIENT).toEqual(SHUTTING_DOWN)
    // what comes later is one: what is open would hold the end up for as long as it is open
    const wish = () => (server.child.kill('SIGTERM'), server.child.exitCode)
    await expect.poll(wish, { interval: 600, ...PATIENT }).toBe(1)
    open.socket.destroy()
  })

  test.each(['1', '2'])('during the start of %s processes is obeyed too', async (workers) => {
    const env = { DATABASE_URL: (await cloneDatabase()).url, SIGNET_WORKERS: workers }
    const server = await spawnServe(temporaryDir('early'), env)
    expect(await server.stop()).toBe(0)
    await expect(fetch(`http://127.0.0.1:${server.port}/jwks`)).rejects.toThrow()
  })

  test('the embedded database ends with the server and is found again, also after kill -9', async () => {
    const env = { DATABASE_URL: undefined, SIGNET_DATA_DIR: join(temporaryDir('data'), 'signet') }
    const server = await startProcess({ env })
    const keys = async () =>
      ((await (await server.fetch('/jwks')).json()) as { keys: JWK[] }).keys.map(({ kid }) => kid)
    const before = await keys()
    expect(before.length).toBeGreaterThan(0)
    expect(await server.stop()).toBe(0)
    await server.restart()
    expect(await keys()).toEqual(before)
    await server.kill('SIGKILL')
    await server.restart()
    expect(await keys()).toEqual(before)
  }, 120_000)
})

describe('workers', () => {
  test('serve over one port, are replaced when they end, and drain together', async () => {
    const server = await startProcess({ env: { SIGNET_WORKERS: '2' } })
    const served = () => new Set(requestLines(server).map(({ pid }) => pid))
    await expect
      .poll(
        async () => {
          await get(server, new Agent())
          return served().size
        },
        { interval: 10, ...PATIENT },
      )
      .toBe(2)
    expect([...served()]).not.toContain(server.pid)

    const counted = async () => {
      const text = await (await fetch(`${server.managementUrl}/metrics`)).text()
      const counts = text.matchAll(/^signet_http_requests_total\{[^}]*route="\/jwks"[^}]*\} (\d+)$/gm)
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
    }
    // log lines are gathered for a moment before they are written
    await expect.poll(async () => (await counted()) - requestLines(server).length, PATIENT).toBe(0)

    process.kill([...served()][0] as number, 'SIGKILL')
    await expect
      .poll(() => probe(server, 'ready'), { interval: 10, ...PATIENT })
      .toEqual({ status: 503, reason: '1 of 2 workers serve' })
    expect((await get(server, new Agent())).status).toBe(200)
    await expect.poll(() => probe(server, 'ready'), PATIENT).toMatchObject({ status: 200 })

    const open = await openRequest(server)
    const ended = server.stop()
    await expect.poll(() => probe(server, 'ready'), PATIENT).toEqual(SHUTTING_DOWN)
    expect(await open.finish()).toMatch(/^HTTP\/1\.1 401 [^]*Connection: close/i)
    expect(await ended).toBe(0)
  }, 120_000)

  test('end with their leader when that is killed', async () => {
    const server = await startProcess({ env: { SIGNET_WORKERS: '2' } })
    expect((await server.fetch('/jwks')).status).toBe(200)
    await server.kill('SIGKILL')
    await expect
      .poll(
        () =>
          server.fetch('/jwks').then(
            () => 'answers',
            () => 'gone',
          ),
        PATIENT,
      )
      .toBe('gone')
  })
})

function requestLines(server: Server): Record<string, unknown>[] {
  return server.logLines().filter(({ route }) => route === '/jwks')
}

async function get(server: Server, agent: Agent): Promise<{ status: number | undefined; connection: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = { host: new URL(server.issuer).host }
    const sent = request({ host: '127.0.0.1', port: server.port, path: '/jwks', headers, agent }, (response) => {
      response.resume()
      response.once('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }))
    })
    sent.once('error', reject).end()
  })
}
