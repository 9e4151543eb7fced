/** A Koa application on a loopback port, and requests byte by byte, where a client library would mend them. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import Koa, { type Middleware } from 'koa'
import { createFront, type FrontDeps } from '#http/front.ts'
import { HEAD_OPTIONS } from '#http/head-limit.ts'
import { refuseUnparsable } from '#http/unparsable-request.ts'
import { createLogger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import { atEnd } from '../support/endings.ts'

export interface Loopback {
  readonly port: number
  readonly url: string
  /** The log lines so far, parsed. */
  lines(): Record<string, unknown>[]
  logText(): string
  metricsText(): Promise<string>
  readonly send: (request: string | Buffer) => Promise<RawResponse>
}

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly text: string
}

type Settings = Partial<Omit<FrontDeps, 'logger' | 'metrics'>>

/** The whole front before `rooms`, with an issuer that is the port itself unless the settings say otherwise. */
export async function startLoopback(rooms: readonly Middleware[], settings: Settings = {}): Promise<Loopback> {
  const log = new LogSink()
  const logger = createLogger({ level: 'debug', format: 'json' }, log)
  const metrics = createMetrics()
  const server = createServer({ ...HEAD_OPTIONS, requireHostHeader: false })
  server.on('clientError', refuseUnparsable)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const app = new Koa({ proxy: true })
  app.silent = true
  app.use(
    createFront({
      issuer: `http://127.0.0.1:${port}`,
      trustedProxies: [],
      routes: ['/', '/token', '/authorize', '/interaction/:uid'],
      methods: {},
      postAsGet: [],
      paced: [],
      ...settings,
      logger,
      metrics,
    }),
  )
  for (const room of rooms) app.use(room)
  server.on('request', (req, res) => void app.callback()(req, res))
  atEnd(() => {
    metrics.close()
    server.close()
    server.closeAllConnections()
  })
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    lines: () => log.lines(),
    logText: () => log.text,
    metricsText: () => metrics.text(),
    send: (request) => sendRaw(port, request),
  }
}

/** Collects what a logger writes. */
export class LogSink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }

  lines(): Record<string, unknown>[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}

/** Writes the bytes as they are and reads until the server closes; the caller asks for `Connection: close`. */
export async function sendRaw(port: number, request: string | Buffer): Promise<RawResponse> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.on('data', (chunk) => chunks.push(chunk))
  // A server that refuses a body may reset the connection while we still write: what it said before counts.
  socket.on('error', () => undefined)
  socket.on('close', () => resolve())
  socket.setTimeout(5000, () => socket.destroy())
  socket.write(request)
  await promise
  return parseResponse(Buffer.concat(chunks).toString())
}

function parseResponse(text: string): RawResponse {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n'), text }
}

/** A request with the headers given; `Host` only if among them. */
export function rawRequest(target: string, headers: readonly string[], body = '', method = 'GET'): string {
  return [`${method} ${target} HTTP/1.1`, ...headers, 'Connection: close', '', body].join('\r\n')
}
