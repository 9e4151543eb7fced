/** `npm run conformance:serve` for tests, and a stand-in for the suite that it is told of: the endpoints of its clients. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Browser, BrowserContext } from 'playwright-core'
import { Agent, fetch as undiciFetch } from 'undici'
import type { Configuration } from '../../conformance/configuration.ts'
import { PLANS } from '../../conformance/plans.ts'
import { makeCertificate } from './certificates.ts'
import { atEnd } from './endings.ts'
import { freePort } from './ports.ts'
import { cloneDatabase } from './postgres.ts'
import { temporaryDir } from './server.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface SuiteCall {
  readonly method: string
  readonly url: URL
  readonly body: string
}

export interface SuiteWorld {
  /** The origin of the stand-in. */
  readonly origin: string
  /** The configuration files by name, parsed. */
  readonly configurations: ReadonlyMap<string, Configuration>
  /** The lines of plans.txt. */
  readonly plans: readonly string[]
  /** What was sent to the suite's endpoints, oldest first. */
  readonly calls: SuiteCall[]
  /** Returns a fetch that trusts the run's authority, and shows the certificate of a client if there is one. */
  fetchAs(certificate?: { readonly cert: string; readonly key: string }): typeof globalThis.fetch
  /** A browser without cookies, which closes with the test file. */
  newContext(): Promise<BrowserContext>
  /** Ends it as Ctrl-C does; returns the exit code. */
  interrupt(): Promise<number | null>
}

/** `browser`: for tests that open pages. */
export async function startSuiteWorld(browser?: Browser): Promise<SuiteWorld> {
  const calls: SuiteCall[] = []
  const { origin, authority } = await startSuite(calls)
  const out = temporaryDir('conformance')
  const caFile = join(out, 'suite.pem')
  writeFileSync(caFile, authority)
  const ports = ['port', 'management-port', 'mtls-port', 'api-port', 'approval-port']
  const args = ['--suite', origin, '--suite-ca', caFile, '--out', out]
  for (const name of ports) args.push(`--${name}`, String(await freePort()))
  const child = spawn(process.execPath, [join(ROOT, 'conformance/serve.ts'), ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], DATABASE_URL: (await cloneDatabase()).url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  atEnd(async () => {
    child.kill('SIGINT')
    await ended
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (output += part))
  const ready = Promise.withResolvers<void>()
  child.stdout.on('data', () => /^Ready for/m.test(output) && ready.resolve())
  await Promise.race([ready.promise, ended])
  if (child.exitCode !== null) throw new Error(`conformance:serve ended: ${output}`)

  const read = (name: string) => readFileSync(join(out, name), 'utf8')
  return {
    origin,
    newContext() {
      if (!browser) throw new Error('there is no browser')
      return browser.newContext({ locale: 'en', ignoreHTTPSErrors: true })
    },
    configurations: new Map(PLANS.map(({ file }) => [file, JSON.parse(read(`${file}.json`)) as Configuration])),
    plans: read('plans.txt').trim().split('\n'),
    calls,
    fetchAs: (certificate) => fetchWith({ ca: read('authority.pem'), ...certificate }),
    async interrupt() {
      child.kill('SIGINT')
      await ended
      return child.exitCode
    },
  }
}

/** An https server on loopback that keeps what it is sent, and shows what the suite shows. */
async function startSuite(calls: SuiteCall[]): Promise<{ origin: string; authority: string }> {
  const authority = makeCertificate({ subject: [['O', 'Suite']], isAuthority: true })
  const names = [['dns', 'localhost'] as const]
  const { cert, key } = makeCertificate({ subject: [['CN', 'localhost']], names, issuer: authority })
  const server = createServer({ cert, key }, async (request, response) => {
    const url = new URL(request.url ?? '/', `https://${request.headers.host}`)
    calls.push({ method: request.method ?? '', url, body: await text(request) })
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<!doctype html><html lang="en"><title>suite</title><p id="submission_complete">done</p>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { origin: `https://localhost:${port}`, authority: authority.cert }
}

function fetchWith(connect: object): typeof globalThis.fetch {
  const agent = new Agent({ connect })
  atEnd(() => agent.destroy())
  const send = (input: string | URL, init: object = {}) => undiciFetch(input, { ...init, dispatcher: agent })
  return send as unknown as typeof globalThis.fetch
}
