/** A host that publishes a client's keys and counts the requests. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { JWK } from 'jose'
import { atEnd } from './endings.ts'

export interface KeysHost {
  readonly url: string
  asked: number
  /** `body` replaces the keys. */
  answer: { status: number; keys: JWK[]; headers: Record<string, string>; body?: string }
}

export async function keysHost(keys: JWK[]): Promise<KeysHost> {
  const host: KeysHost = { url: '', asked: 0, answer: { status: 200, keys, headers: {} } }
  const server = createServer((_request, response) => {
    host.asked++
    const { status, headers } = host.answer
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(host.answer.body ?? JSON.stringify({ keys: host.answer.keys }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => void server.close())
  const { port } = server.address() as { port: number }
  return Object.assign(host, { url: `http://127.0.0.1:${port}/jwks` })
}
