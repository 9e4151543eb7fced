/** A host of client metadata documents that counts the requests for each path. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Identity } from './certificates.ts'
import { atEnd } from './endings.ts'

export interface HostedDocument {
  status: number
  headers: Record<string, string>
  /** Text is sent as it is; anything else as JSON. */
  body: unknown
}

export interface DocumentHost {
  readonly origin: string
  /** The requests for a path, with their headers. */
  asked(path: string): readonly IncomingHttpHeaders[]
  /** Requests wait for it. */
  gate: Promise<void>
  /** Changes what a path shows. */
  show(path: string, change: Partial<HostedDocument>): void
  /** Shows a valid document at a new path, with `members` on top, and returns its address. */
  document(members?: Record<string, unknown>, headers?: Record<string, string>): string
}

export const DOCUMENT_CALLBACK = 'http://127.0.0.1:7777/cb'

/** Starts a host at 127.0.0.1, or by https at localhost when it has a certificate. */
export async function documentHost(identity?: Identity): Promise<DocumentHost> {
  const shown = new Map<string, HostedDocument>()
  const asked = new Map<string, IncomingHttpHeaders[]>()
  const answer: RequestListener = (request, response) => {
    const path = request.url ?? ''
    asked.set(path, [...(asked.get(path) ?? []), request.headers])
    void host.gate.then(() => {
      const { status, headers, body } = shown.get(path) ?? { status: 404, headers: {}, body: '' }
      const etag = headers['etag']
      if (etag !== undefined && request.headers['if-none-match'] === etag) return response.writeHead(304, headers).end()
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      return response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  }
  const server = identity ? createTlsServer(identity, answer) : createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `${identity ? 'https://localhost' : 'http://127.0.0.1'}:${(server.address() as AddressInfo).port}`
  let made = 0
  const host: DocumentHost = {
    origin,
    gate: Promise.resolve(),
    asked: (path) => asked.get(new URL(path, origin).pathname) ?? [],
    show(path, change) {
      const { pathname } = new URL(path, origin)
      shown.set(pathname, { ...(shown.get(pathname) ?? { status: 200, headers: {}, body: '' }), ...change })
    },
    document(members = {}, headers = {}) {
      const path = `/client-${(made += 1)}.json`
      const id = origin + path
      const body = {
        client_id: id,
        client_name: 'Inspector',
        redirect_uris: [DOCUMENT_CALLBACK],
        token_endpoint_auth_method: 'none',
        ...members,
      }
      shown.set(path, { status: 200, headers, body })
      return id
    },
  }
  return host
}
