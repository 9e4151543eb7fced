/** An app on loopback that sends people to the issuer and shows what came back. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { atEnd } from '../support/endings.ts'

export interface Shop {
  readonly origin: string
  readonly callback: string
  /** Another port of the same app, to which `callback?…` sends the person on when the state is `onward`. */
  readonly front: string
}

export async function startShop(): Promise<Shop> {
  const front = await listen((_req, res) => show(res, 'front'))
  const origin = await listen((req, res) => {
    const url = new URL(req.url ?? '/', 'http://localhost')
    if (url.searchParams.get('state') === 'onward') {
      res.writeHead(302, { location: `${front}/` }).end()
      return
    }
    show(res, 'shop')
  })
  return { origin, callback: `${origin}/cb`, front }
}

async function listen(handle: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  atEnd(() => server.close())
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

function show(res: ServerResponse, name: string): void {
  res.setHeader('content-type', 'text/html; charset=utf-8')
  res.end(`<!doctype html><html lang="en"><title>${name}</title><h1>${name}</h1>`)
}
