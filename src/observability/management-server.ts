/** The management port: health probes and metrics, on a port that is not public. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Health, Probe } from './health.ts'
import type { Logger } from './logger.ts'

export interface ManagementServerDeps {
  readonly health: Pick<Health, 'live' | 'ready' | 'started'>
  /** Prometheus text, of one process or aggregated over workers. */
  readonly metrics: { text(): Promise<string>; readonly contentType: string }
  readonly logger: Logger
  /** Additional paths, such as the development mailbox; the handler ends the response. */
  readonly routes?: Readonly<Record<string, (req: IncomingMessage, res: ServerResponse) => Promise<void> | void>>
}

export interface ManagementServer {
  /** Resolves with the port in use; port 0 picks a free one. Rejects when the address is taken. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>
  close(): Promise<void>
}

/** Serves `/health/live`, `/health/ready`, `/health/started` (200 or 503, JSON) and `/metrics`. */
export function createManagementServer(deps: ManagementServerDeps): ManagementServer {
  const server = createServer({ headersTimeout: 5000, requestTimeout: 5000 }, (req, res) => {
    respond(deps, req, res).catch((error: unknown) => {
      deps.logger.error({ err: error }, 'the management port could not answer')
      if (!res.headersSent) sendJson(res, 500, { error: 'server_error' })
      else res.destroy()
    })
  })
  return { listen: (address) => listen(server, address), close: () => close(server) }
}

async function respond(deps: ManagementServerDeps, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '/').split('?', 1)[0] as string
  const route = deps.routes && Object.hasOwn(deps.routes, path) ? deps.routes[path] : undefined
  if (route) return route(req, res)
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD')
    return sendJson(res, 405, { error: 'method_not_allowed' })
  }
  if (path === '/health/live') return sendProbe(res, deps.health.live())
  if (path === '/health/ready') return sendProbe(res, await deps.health.ready())
  if (path === '/health/started') return sendProbe(res, deps.health.started())
  if (path === '/metrics') {
    const text = await deps.metrics.text()
    res.writeHead(200, { 'Content-Type': deps.metrics.contentType, 'Cache-Control': 'no-store' })
    res.end(text)
    return
  }
  return sendJson(res, 404, { error: 'not_found' })
}

function sendProbe(res: ServerResponse, probe: Probe): void {
  sendJson(res, probe.ok ? 200 : 503, { status: probe.ok ? 'ok' : 'unavailable', reason: probe.reason })
}

function sendJson(res: ServerResponse, status: number, body: Readonly<Record<string, string>>): void {
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  res.end(JSON.stringify(body))
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', reject)
  server.listen(port, host, () => {
    server.off('error', reject)
    resolve((server.address() as AddressInfo).port)
  })
  return promise
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}
