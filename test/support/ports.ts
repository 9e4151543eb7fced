/** Free ports for servers under test. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range that the system gives to outgoing connections, so that none of those takes the port meanwhile. */
const FIRST = 15_000
const LAST = 30_000

/** A port that nobody listens on, neither on IPv4 nor on IPv6. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, '::'))) return port
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer()
  const failed = once(server, 'error').then(([error]: unknown[]) => error)
  server.listen({ port, host, ipv6Only: host === '::' })
  const error = await Promise.race([once(server, 'listening').then(() => undefined), failed])
  if (error === undefined) await new Promise((resolve) => server.close(resolve))
  // a machine without IPv6 has no taken port there
  return error === undefined || (error instanceof Error && 'code' in error && error.code !== 'EADDRINUSE')
}
