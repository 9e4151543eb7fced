/** The public HTTP listener: its limits, and a shutdown that lets open requests finish. */
import { constants } from 'node:crypto'
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
import type { TlsOptions } from 'node:tls'
import { AppError } from '#shared/app-error.ts'
import { type TlsProfile, tlsOptions } from './tls.ts'
import { HEAD_OPTIONS } from './head-limit.ts'
import { refuseUnparsable } from './unparsable-request.ts'

/** The address cannot be listened on. The message is one sentence that says what to do. */
export class ListenError extends AppError {
  override readonly code = 'listen_failed'
  override readonly status = 500
}

export interface HttpServerDeps {
  readonly handler: RequestListener
  /** Without it the server uses plain HTTP. `asksClients`: for a certificate, which they may have or not. */
  readonly tls?:
    | { readonly certificate: Certificate; readonly profile: TlsProfile; readonly asksClients?: boolean }
    | undefined
}

/** PEM strings. */
interface Certificate {
  readonly cert: string
  readonly key: string
  /** The authorities that certificates of clients are checked against. */
  readonly ca?: string | undefined
}

export interface HttpServer {
  /** Resolves with the port in use. Throws ListenError, which names `variables` as what to change. */
  listen(address: Address): Promise<number>
  /**
   * Accepts no new connections and answers requests on open ones with `Connection: close`. Resolves when all are
   * answered, or closes the rest after `timeoutMs`. Returns how many requests were cut off.
   */
  drain(timeoutMs: number): Promise<number>
  /**
   * Uses another certificate for new connections. A listener that asks clients for one ends its open connections, as
   * their certificates were checked against the authorities of before.
   */
  replaceCertificate(certificate: Certificate): void
}

export interface Address {
  readonly host: string
  readonly port: number
  /** The settings that an error names. */
  readonly variables: { readonly host: string; readonly port: string }
  /**
   * True when several processes listen on this port and the kernel distributes connections, where the system supports
   * it.
   */
  readonly shared?: boolean
}

/**
 * Short enough that a slow sender does not hold a socket for long; idle connections outlive those of common proxies.
 */
const LIMITS: ServerOptions = {
  ...HEAD_OPTIONS,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 65_000,
  // The host allow-list refuses a missing Host with a description.
  requireHostHeader: false,
}
/**
 * What a listener that asks clients for a certificate has besides. Who has none, or one of an unknown authority, is served
 * too, and the room of clients decides. No session is resumed: the certificate would be that of before, whatever happened
 * to its authority since.
 */
const ASKING: TlsOptions = { requestCert: true, rejectUnauthorized: false, secureOptions: constants.SSL_OP_NO_TICKET }
const MAX_CONNECTIONS = 10_000
/** How long requests in transit may still arrive on idle connections. */
const IDLE_GRACE_MS = 300

/** Creates a server that does not listen yet. */
export function createHttpServer({ handler, tls }: HttpServerDeps): HttpServer {
  const open = new Set<ServerResponse>()
  let draining = false

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    open.add(response)
    response.once('close', () => open.delete(response))
    if (draining) response.setHeader('Connection', 'close')
    handler(request, response)
  }

  const offered = tls && { ...tlsOptions(tls.profile), ...(tls.asksClients && ASKING) }
  const secure = tls && createTlsServer({ ...LIMITS, ...offered, ...tls.certificate }, onRequest)
  const server: Server = secure ?? createServer(LIMITS, onRequest)
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', refuseUnparsable)
  // RFC 9110 §10.1.1: an unknown expectation may be ignored; Node would answer 417 without a body.
  server.on('checkExpectation', onRequest)

  async function drain(timeoutMs: number): Promise<number> {
    draining = true
    answerAndClose(open)
    const closed = new Promise<void>((resolve) => server.once('close', resolve))
    // http's own close() would close idle connections at once, with requests in transit.
    TcpServer.prototype.close.call(server)
    const deadline = Date.now() + timeoutMs
    const grace = Date.now() + Math.min(IDLE_GRACE_MS, timeoutMs)
    for (let isClosed = false; !isClosed && Date.now() < deadline;) {
      if (Date.now() >= grace) server.closeIdleConnections()
      isClosed = await Promise.race([closed.then(() => true), delay(25, false)])
    }
    const cut = open.size
    server.closeAllConnections()
    // Stops the timer that checks for slow requests.
    server.close(() => {})
    return cut
  }

  return {
    listen: (address) => listen(server, address),
    drain,
    replaceCertificate(certificate) {
      secure?.setSecureContext({ ...offered, ...certificate })
      if (!tls?.asksClients) return
      answerAndClose(open)
      server.closeIdleConnections()
    },
  }
}

/** Makes the connections of open requests end with their answers. */
function answerAndClose(open: ReadonlySet<ServerResponse>): void {
  for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close')
}

/** Throws ListenError when the address cannot be listened on; for a check before expensive work. */
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
    // `::` does not exist on a machine without IPv6.
    if (address.host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) {
      return listen(server, { ...address, host: '0.0.0.0' })
    }
    throw listenError(error, address)
  }
}

function bind(server: TcpServer, { host, port, shared = false }: Address): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', reject)
  // With reusePort a connection reaches its process directly, not over the primary, which could lose it at shutdown.
  server.listen({ host, port, ...(shared && { exclusive: true, reusePort: true }) }, () => {
    server.off('error', reject)
    resolve((server.address() as AddressInfo).port)
  })
  return promise
}

/** Returns the error for a failed listen, which names the setting to change. */
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
