/** Which addresses are fetched, and how much of an answer is read. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createAddressCheck, createGuardedFetch, FetchRefused } from '#outbound/guarded-fetch.ts'
import { atEnd } from '../support/endings.ts'

const MOST = 512 * 1024

async function host(answer: RequestListener): Promise<number> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Returns the words of the refusal, or what else happened. */
async function outcome(url: string, allow: readonly string[] = []): Promise<string> {
  try {
    const response = await createGuardedFetch({ allow })(url)
    return `${response.status} ${(await response.text()).length}`
  } catch (error) {
    return error instanceof FetchRefused ? error.message : describeChain(error)
  }
}

/** The fetch wraps a refusal of the lookup. */
function describeChain(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof FetchRefused) return at.message
  return String(error)
}

const refused = (name: string) => `${name} is a private address. Name it in SIGNET_FETCH_ALLOW if it is meant.`

describe('an address', () => {
  const check = (address: string, allow: readonly string[] = [], name = 'app.example') => {
    try {
      createAddressCheck(allow)(name, address)
      return 'fetched'
    } catch (error) {
      expect(error).toBeInstanceOf(FetchRefused)
      expect(error).toMatchObject({ message: refused(name), code: 'fetch_refused', status: 502 })
      return 'refused'
    }
  }

  test.each([
    '1.1.1.1',
    '172.32.0.1',
    '::ffff:1.1.1.1',
    '2606:4700::1',
    '2606:4700::5eff:a00:1',
    '2606:4700::100:5efe:a00:1',
  ])('%s is public', (address) => {
    expect(check(address)).toBe('fetched')
  })

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '::1',
    '::ffff:10.0.0.1',
    '::7f00:1',
    '64:ff9b::7f00:1',
    'fd00::1',
    'fe80::1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2606:4700::5efe:a00:1',
    '2606:4700::200:5efe:a00:1',
    '4000::1',
    '1000::1',
  ])('%s is not', (address) => {
    expect(check(address)).toBe('refused')
  })

  test.each([
    ['127.0.0.1', ['127.0.0.1'], 'fetched'],
    ['127.0.0.1', ['127.0.0.0/8'], 'fetched'],
    ['127.0.0.1', ['10.0.0.0/8', '127.0.0.0/30'], 'fetched'],
    ['127.0.0.1', ['127.0.0.2'], 'refused'],
    ['127.0.0.1', ['::/0'], 'refused'],
    ['127.0.0.1', ['app.example'], 'fetched'],
    ['127.0.0.1', ['App.Example'], 'fetched'],
    ['127.0.0.1', ['other.example'], 'refused'],
    ['::1', ['::1'], 'fetched'],
    ['::2', ['::1'], 'refused'],
    ['::ffff:10.0.0.1', ['10.0.0.1'], 'fetched'],
  ])('%s where %j are allowed is %s', (address, allow, what) => {
    expect(check(address, allow)).toBe(what)
  })

  test('is judged before anything is sent, as it stands in the URL and as a name leads to it', async () => {
    let asked = 0
    const port = await host((_request, response) => response.end(String((asked += 1))))
    expect(await outcome(`http://127.0.0.1:${port}/`)).toBe(refused('127.0.0.1'))
    expect(await outcome(`http://localhost:${port}/`)).toBe(refused('localhost'))
    expect(await outcome('http://[::1]/')).toBe(refused('::1'))
    expect(asked).toBe(0)
    expect(await outcome(`http://localhost:${port}/`, ['LOCALHOST'])).toBe('200 1')
  })
})

test('what is given is sent, and no compressed answer is asked for', async () => {
  let sent: unknown
  const port = await host((request, response) => {
    const { authorization, 'accept-encoding': encoding } = request.headers
    request.on('data', (body) => (sent = [request.method, authorization, encoding, String(body)]))
    request.on('end', () => response.end('x'))
  })
  const fetch = createGuardedFetch({ allow: ['127.0.0.1'] })
  const headers = { authorization: 'Basic x', 'accept-encoding': 'gzip' }
  await fetch(`http://127.0.0.1:${port}/`, headers, { method: 'POST', body: 'abc' })
  expect(sent).toEqual(['POST', 'Basic x', 'identity', 'abc'])
})

describe('an answer', () => {
  const fetched = async (answer: RequestListener) => {
    const port = await host(answer)
    const told = await outcome(`http://127.0.0.1:${port}/`, ['127.0.0.0/8'])
    return told.replace(`:${port} `, ' ')
  }
  const packed = (bytes: number) =>
    fetched((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(bytes, 0x20))),
    )

  test('may have half a megabyte when it is unpacked, and no more', async () => {
    expect(await packed(MOST)).toBe(`200 ${MOST}`)
    expect(await packed(MOST + 1)).toBe('127.0.0.1 answered with more than 524288 bytes.')
  })

  test('may be empty', async () => {
    expect(await fetched((_request, response) => response.writeHead(204).end())).toBe('204 0')
  })

  const MOVED = '127.0.0.1 answered with a redirect, which is not followed.'
  test.each([
    [299, '299 0'],
    [300, MOVED],
    [302, MOVED],
    [304, '304 0'],
    [399, MOVED],
    [400, '400 0'],
  ])('of status %d is a redirect, which is not followed, or not', async (status, expected) => {
    expect(await fetched((_request, response) => response.writeHead(status, { location: '/' }).end())).toBe(expected)
  })

  test('has its headers', async () => {
    const port = await host((_request, response) => response.writeHead(200, { 'cache-control': 'no-store' }).end())
    const { headers } = await createGuardedFetch({ allow: ['127.0.0.1'] })(`http://127.0.0.1:${port}/`)
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

test.each(['file:///etc/passwd', 'ftp://127.0.0.1/', 'data:,x'])('%s is no address to fetch', async (url) => {
  expect(await outcome(url, ['127.0.0.0/8'])).toBe(`${new URL(url).protocol} URLs are not fetched.`)
})
