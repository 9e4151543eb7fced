/** A TCP proxy that can be paused: connections stay open, but nothing passes until it resumes. */
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { atEnd } from './endings.ts'

export interface TcpProxy {
  /** The URL of the target with the proxy's host and port. */
  readonly url: string
  /** Stops all traffic in both directions, including the end of connections. */
  fallSilent(): void
  /** Delivers what was sent meanwhile, as after a network outage. */
  speakAgain(): void
}

export async function tcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl)
  const sockets = new Set<Socket>()
  let silent = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    far.setNoDelay(true)
    near.setNoDelay(true)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined)
      from.on('data', (chunk) => void to.write(chunk))
      from.on('end', () => void to.end())
      // a broken connection closes the other one, unless the proxy is paused
      from.on('close', () => {
        sockets.delete(from)
        if (!silent) to.destroySoon()
      })
      if (silent) from.pause()
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
    fallSilent() {
      silent = true
      for (const socket of sockets) socket.pause()
    },
    speakAgain() {
      silent = false
      for (const socket of sockets) socket.resume()
    },
  }
}
