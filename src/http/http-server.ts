/** The listener the world reaches: its limits, and an end that lets open requests finish. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, Server as TcpServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '#shared/app-error.ts'
import { refuseUnparsable } from './unparsable-request.ts'

/** An address that cannot be listened on; the message is one sentence that says what to do. */
export class ListenError extends AppError {
  override readonly code = 'listen_failed'
  override readonly status = 500
}

export interface HttpServerDeps {
  readonly handler: RequestListener
  /** PEM texts; without them plain HTTP is spoken. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
}

export interface HttpServer {
  /** Resolves with the port in use. Throws ListenError that names `variables` as what to change. */
  listen(address: Address): Promise<number>
  /**
   * Takes no new connection, answers what is under way (and what still comes on open connections) with
   * `Connection: close`, and resolves when all is answered, or after `timeoutMs` with the rest cut off. The number
   * is how many requests were cut off.
   */
  drain(timeoutMs: number): Promise<number>
  /** Another certificate for the connections to come. */
  replaceCertificate(tls: { cert: string; key: string }): void
}

export interface Address {
  readonly host: string
  readonly port: number
  /** The settings that an error should name. */
  readonly variables: { readonly host: string; readonly port: string }
  /** Several processes listen here, and the kernel deals the connections out; for systems that can do that. */
  readonly shared?: boolean
}

/** Short enough that a slow sender holds no socket for long; idle connections outlive those of common proxies. */
const LIMITS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 65_000,
  // The allow-list of hosts refuses a missing one with a sentence.
  requireHostHeader: false,
}
const MAX_CONNECTIONS = 10_000
/** How long a request that is already on its way may still arrive on an idle connection. */
const IDLE_GRACE_MS = 300

/** A server that is not listening yet. */
export function createHttpServer({ handler, tls }: HttpServerDeps): HttpServer {
  const open = new Set<ServerResponse>()
  let draining = false

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    open.add(response)
    response.once('close', () => open.delete(response))
    if (draining) response.setHeader('Connection', 'close')
    handler(request, response)
  }

  const secure = tls ? createTlsServer({ ...LIMITS, ...tls }, onRequest) : undefined
  const server: Server = secure ?? createServer(LIMITS, onRequest)
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', refuseUnparsable)
  // RFC 9110 §10.1.1: an expectation that nobody knows may be ignored; Node alone would answer 417 without a word.
  server.on('checkExpectation', onRequest)

  async function drain(timeoutMs: number): Promise<number> {
    draining = true
    for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close')
    const closed = new Promise<void>((resolve) => server.once('close', resolve))
    // http's own close() would cut idle connections at once, with requests on their way.
    TcpServer.prototype.close.call(server)
    const deadline = Date.now() + timeoutMs
    const grace = Date.now() + Math.min(IDLE_GRACE_MS, timeoutMs)
    for (let over = false; !over && Date.now() < deadline;) {
      if (Date.now() >= grace) server.closeIdleConnections()
      over = await Promise.race([closed.then(() => true), delay(25, false)])
    }
    const cut = open.size
    server.closeAllConnections()
    // Clears the timer that looks for slow requests.
    server.close(() => {})
    return cut
  }

  return {
    listen: (address) => listen(server, address),
    drain,
    replaceCertificate: (context) => secure?.setSecureContext(context),
  }
}

/** Throws ListenError when the address cannot be listened on, before anything costly is begun. */
export async function checkAddress(address: Address): Promise<void> {
  const server = new TcpServer()
  await listen(server, address)
  await new Promise((resolve) => server.close(resolve))
}

async function listen(server: TcpServer, address: Address): Promise<number> {
  try {
    return await bind(server, address)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // A machine without IPv6 has no `::`.
    if (address.host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) {
      return listen(server, { ...address, host: '0.0.0.0' })
    }
    throw listenError(error, address)
  }
}

function bind(server: TcpServer, { host, port, shared = false }: Address): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', reject)
  // Shared, a connection reaches its process without a hop over the leading one, which could lose it at the end.
  server.listen({ host, port, ...(shared && { exclusive: true, reusePort: true }) }, () => {
    server.off('error', reject)
    resolve((server.address() as AddressInfo).port)
  })
  return promise
}

/** What the system refused when a port was asked for, as a sentence that names the setting to change. */
export function listenError(error: unknown, { host, port, variables }: Address): ListenError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} of ${host} is taken: stop what listens there, or set ${variables.port} to another port.`,
    EACCES: `Port ${port} may not be used by this user: set ${variables.port} to a port above 1023.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: set ${variables.host} to one that it has.`,
    ENOTFOUND: `There is no host ${host}: set ${variables.host} to an address of this machine.`,
  }
  const other = `Port ${port} of ${host} cannot be listened on (${code}): set ${variables.port} or ${variables.host}.`
  return new ListenError(sentences[code] ?? other, { cause: error })
}
