/** Finds the TLS certificate of a client: on our own listener, or in the header of a trusted proxy (RFC 9440). */
import { X509Certificate } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'
import type { Middleware } from 'koa'
import { RequestError } from './errors.ts'
import { type ClientCertificate, requestState } from './request-state.ts'

export interface ClientCertificateDeps {
  /** Whether our own listener tells certificates of known authorities apart. */
  readonly authorities: boolean
  /** Whether the proxy has verified the certificates that it passes on. */
  readonly proxyVerifies: boolean
}

/** RFC 8941 §3.3.5: a byte sequence, which is base64 between colons. */
const BYTES = /^:([A-Za-z0-9+/]+={0,2}):$/

/**
 * Keeps the certificate in the request state. Of what a trusted proxy sends only the header counts: the certificate of
 * its own connection is the proxy's. From anybody else the header was removed before (origin.ts).
 */
export function clientCertificate({ authorities, proxyVerifies }: ClientCertificateDeps): Middleware {
  // all requests of a connection have the same certificate
  const known = new WeakMap<Socket, ClientCertificate | false>()

  function ofConnection(socket: Socket): ClientCertificate | undefined {
    let found = known.get(socket)
    if (found === undefined) {
      const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
      found = certificate ? { certificate, verified: authorities && (socket as TLSSocket).authorized } : false
      known.set(socket, found)
    }
    return found || undefined
  }

  return (ctx, next) => {
    const { headers, socket } = ctx.req
    const state = requestState(ctx)
    const header = headers['client-cert']
    const found = state.behindProxy ? ofHeader(header, proxyVerifies) : ofConnection(socket)
    if (found) state.clientCertificate = found
    return next()
  }
}

function ofHeader(header: string | string[] | undefined, verified: boolean): ClientCertificate | undefined {
  if (header === undefined) return undefined
  const [, bytes] = BYTES.exec(String(header)) ?? []
  try {
    if (bytes !== undefined) return { certificate: new X509Certificate(Buffer.from(bytes, 'base64')), verified }
  } catch {
    // said below
  }
  throw new RequestError(
    'malformed_request',
    'The Client-Cert header is malformed: it must be one certificate as RFC 9440 has it, the base64 of its DER between colons.',
  )
}
