/** Answers invalid HTTP, a too large head and a too slow sender with a description, where Node would send none. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { HEAD_TOO_LARGE } from './head-limit.ts'

const REFUSALS: Readonly<Record<string, readonly [status: number, sentence: string]>> = {
  HPE_HEADER_OVERFLOW: [431, HEAD_TOO_LARGE],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
}
const MALFORMED = [400, 'The request is not well-formed HTTP.'] as const

/**
 * Handles the `clientError` event of a server. Set `requireHostHeader: false` on the server too, so that the host
 * allow-list can answer a missing Host.
 */
export function refuseUnparsable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, sentence] = REFUSALS[error.code ?? ''] ?? MALFORMED
  const body = JSON.stringify({ error: 'invalid_request', error_description: sentence })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json',
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
