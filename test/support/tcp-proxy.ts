/** A TCP proxy that can fall silent: connections stay open, nothing passes any more. */
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { atEnd } from './endings.ts'

export interface TcpProxy {
  /** The URL of the target with the proxy's host and port. */
  readonly url: string
  /** From now on nothing passes in either direction, and no end of a connection is told. */
  fallSilent(): void
}

export async function tcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl)
  const sockets = new Set<Socket>()
  let silent = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined)
      from.on('data', (chunk) => void (silent || to.write(chunk)))
      from.on('end', () => void (silent || to.end()))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    url: Object.assign(new URL(targetUrl), { host: `127.0.0.1:${port}` }).href,
    fallSilent: () => {
      silent = true
    },
  }
}
