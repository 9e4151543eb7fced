/** The client notification endpoint of an app (CIBA Core 1.0 §10.2) over HTTP. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { atEnd } from './endings.ts'

export interface PingApp {
  /** The `backchannel_client_notification_endpoint`. */
  readonly url: string
  /** Every notification that arrived, in order. */
  readonly pings: { readonly method: string; readonly headers: IncomingHttpHeaders; readonly body: unknown }[]
  /** Returns the status of the next answers; it may wait. */
  answer: () => number | Promise<number>
}

/** Answers 204 to each notification, until `answer` is replaced. */
export async function pingApp(): Promise<PingApp> {
  const app = { url: '', pings: [] as PingApp['pings'], answer: (): number | Promise<number> => 204 }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    app.pings.push({ method: request.method ?? '', headers: request.headers, body: JSON.parse(body) })
    response.writeHead(await app.answer(), { location: '/elsewhere' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  app.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notified`
  return app
}
