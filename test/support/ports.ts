/** Free ports for servers under test. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ephemeral range, so that no outgoing connection takes the port meanwhile. */
const FIRST = 15_000
const LAST = 30_000
/** Concurrent test files each have a share of that range, so that no port is given out twice. */
const SHARES = 8

const share = Math.floor((LAST - FIRST) / SHARES)
const begin = FIRST + (Number(process.env['VITEST_POOL_ID'] ?? 0) % SHARES) * share
let given = Math.floor(Math.random() * share)

/** Returns a port that is free on IPv4 and IPv6 and that this process has not used before. */
export async function freePort(): Promise<number> {
  for (;;) {
    given = (given + 1) % share
    const port = begin + given
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, '::'))) return port
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer()
  const failed = once(server, 'error').then(([error]: unknown[]) => error)
  server.listen({ port, host, ipv6Only: host === '::' })
  const error = await Promise.race([once(server, 'listening').then(() => undefined), failed])
  if (error === undefined) await new Promise((resolve) => server.close(resolve))
  // without IPv6 the port cannot be taken there
  return error === undefined || (error instanceof Error && 'code' in error && error.code !== 'EADDRINUSE')
}
