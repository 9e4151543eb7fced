/** Addresses that a client names are fetched with care: nothing private, nothing endless, and little is told. */
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { assertionParams } from '../support/assertion.ts'
import { atEnd } from '../support/endings.ts'
import { ALLOWED, type Stage, startStage } from '../support/hazard-world.ts'
import { type Server, startServer } from '../support/server.ts'
import { atMost } from '../support/time-limits.ts'

let stage: Stage
/** The same issuer where no private address is allowed. */
let guarded: Server
let key: JWK

beforeAll(async () => {
  stage = await startStage()
  guarded = await startServer({
    databaseUrl: stage.first.databaseUrl,
    keysDir: stage.first.keysDir,
    env: { SIGNET_ISSUER: stage.first.issuer, SIGNET_FETCH_ALLOW: '203.0.113.0/24' },
  })
  const pair = await generateKeyPair('ES256', { extractable: true })
  key = { ...(await exportJWK(pair.privateKey)), alg: 'ES256', kid: 'k1' }
})

/** A token request of a machine client whose keys are at `jwksUri`, through `node`. */
async function tokenOf(jwksUri: string, node: Server) {
  const { id } = await stage.admin.client('machine', { signet_allow: ALLOWED.signet_allow, jwks_uri: jwksUri })
  const params = await assertionParams({ issuer: node.issuer, clientId: id, key })
  const start = performance.now()
  const response = await node.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', ...params }),
  })
  const ms = performance.now() - start
  const event = await stage.admin.eventOf('token.refused', response.headers)
  return { ms, status: response.status, body: await response.json(), event }
}

const UNTOLD = { error: 'invalid_client', error_description: 'client authentication failed' }

const PRIVATE_HOSTS = [
  '127.0.0.1',
  '127.1.2.3:8443',
  'localhost',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:10.0.0.1]',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '[fe80::1]',
  '[fd00::1]',
  '[64:ff9b::7f00:1]',
  '[::7f00:1]',
  '[::ffff:0:a00:1]',
  '[2002:7f00:1::]',
  '[2001:0:7f00:1::]',
  '[2606:4700::5efe:a00:1]',
  '[2606:4700::200:5efe:a00:1]',
  '[4000::1]',
  '224.0.0.1',
  '255.255.255.255',
  '192.0.2.1',
]

test.each(PRIVATE_HOSTS.map((host) => `https://${host}/jwks`))('V34: keys at %s are not asked for', async (jwksUri) => {
  const { ms, status, body, event } = await tokenOf(jwksUri, guarded)
  expect({ status, body }).toEqual({ status: 401, body: UNTOLD })
  expect(event).toMatchObject({ outcome: 'failure', reason: expect.stringContaining('private address') as string })
  // it is judged, not tried: that would take two seconds for most
  expect(ms).toBeLessThan(atMost(1900))
})

test.each([
  'https://127.0.0.1/client.json',
  'http://localhost:8080/client.json',
  'https://[::1]/client.json',
  'https://10.1.2.3/client.json',
  'https://169.254.169.254/latest/meta-data',
  'https://[::ffff:a00:1]/client.json',
])('V34: a client document at %s is not asked for, and the caller is not told why', async (id) => {
  await stage.admin.call('PATCH', '/settings', { client_documents: { mode: 'on' } })
  const start = performance.now()
  const response = await guarded.fetch(`/authorize?client_id=${encodeURIComponent(id)}`)
  const text = await response.text()
  const event = await stage.admin.eventOf('authorization.refused', response.headers)
  expect(response.status).toBe(400)
  expect(text).not.toContain('private')
  expect(text).toContain('could not be fetched; an administrator can see why')
  expect(event).toMatchObject({ reason: expect.stringContaining('private address') as string })
  expect(performance.now() - start).toBeLessThan(atMost(1900))
})

/** A host of keys that answers as it likes; how much of it was taken. */
async function host(
  answer: (response: ServerResponse, path: string) => void,
): Promise<{ url: string; taken(): number }> {
  let bytes = 0
  const server: HttpServer = createServer(({ url = '' }, response) => {
    const count = setInterval(() => (bytes = Math.max(bytes, response.socket?.bytesWritten ?? 0)), 10)
    response.on('close', () => clearInterval(count))
    answer(response, url)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/jwks`, taken: () => bytes }
}

const CHUNK = Buffer.alloc(64 * 1024, 0x20)

function pour(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const more = () => {
    while (!response.destroyed && response.write(CHUNK));
  }
  response.on('drain', more)
  more()
}

test('V34: a body without end is cut off after half a megabyte', async () => {
  const endless = await host(pour)
  const { ms, status, body, event } = await tokenOf(endless.url, stage.first)
  expect({ status, body }).toEqual({ status: 401, body: UNTOLD })
  expect(event).toMatchObject({ outcome: 'failure', reason: expect.stringMatching(/^invalid_client: /) as string })
  expect(ms).toBeLessThan(atMost(4000))
  // what the kernel buffers besides may have left the host
  expect(endless.taken()).toBeLessThan(16 * 1024 * 1024)
})

test('V34: a client document without end is cut off after 32 kB', async () => {
  await stage.admin.call('PATCH', '/settings', { client_documents: { mode: 'on' } })
  const endless = await host(pour)
  const id = endless.url.replace('/jwks', '/client.json')
  const response = await stage.first.fetch(`/authorize?client_id=${encodeURIComponent(id)}`)
  const event = await stage.admin.eventOf('authorization.refused', response.headers)
  expect(response.status).toBe(400)
  expect(event).toMatchObject({ reason: expect.stringContaining('more than 32768 bytes') as string })
  expect(endless.taken()).toBeLessThan(16 * 1024 * 1024)
})

test('V34: a compressed body is counted as it unpacks, and none is asked for', async () => {
  const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x20))
  let asked: string | undefined
  const packed = await host((response) => {
    asked = response.req.headers['accept-encoding']
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb)
  })
  const { status, body, event } = await tokenOf(packed.url, stage.first)
  expect({ status, body }).toEqual({ status: 401, body: UNTOLD })
  expect(event).toMatchObject({ reason: expect.stringContaining('more than 524288 bytes') as string })
  expect(asked).toBe('identity')
})

const SLOW: Record<string, (response: ServerResponse) => void> = {
  'never answers': () => undefined,
  'never ends its head': (response) => {
    response.socket?.write('HTTP/1.1 200 OK\r\n')
    const timer = setInterval(() => response.socket?.write('x: y\r\n'), 100)
    response.on('close', () => clearInterval(timer))
  },
  'sends a byte at a time': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write(' '), 100)
    response.on('close', () => clearInterval(timer))
  },
}

test.each(Object.keys(SLOW))('V34: a host that %s is given up after two seconds', async (what) => {
  const slow = await host((response) => SLOW[what]?.(response))
  const { ms, status, body } = await tokenOf(slow.url, stage.first)
  expect({ status, body }).toEqual({ status: 401, body: UNTOLD })
  expect(ms).toBeLessThan(atMost(4000))
})

test.each([
  ['a redirect to an address inside', 302, { location: 'http://169.254.169.254/latest/meta-data' }, ''],
  ['a redirect to good keys', 302, { location: '/good' }, ''],
  ['a redirect to itself', 301, { location: '/jwks' }, ''],
  ['a page', 200, { 'content-type': 'text/html' }, '<html>'],
  ['JSON that is no key set', 200, { 'content-type': 'application/json' }, '{"keys":{"0":null}}'],
  ['keys of odd types', 200, { 'content-type': 'application/json' }, '{"keys":[null,1,"x",{"kty":"oct","k":"AA"}]}'],
])('V34: %s in place of keys authenticates nobody', async (_what, status, headers, text) => {
  const { d: _private, ...publicKey } = key
  const good = JSON.stringify({ keys: [{ ...publicKey, use: 'sig' }] })
  const strange = await host((response, path) =>
    path === '/good' ? response.end(good) : response.writeHead(status, headers).end(text),
  )
  const answer = await tokenOf(strange.url, stage.first)
  expect({ status: answer.status, body: answer.body }).toEqual({ status: 401, body: UNTOLD })
  expect(answer.event).toMatchObject({ outcome: 'failure' })
})

test.each([
  'http://app.example.com/jwks',
  'file:///etc/passwd',
  'ftp://app.example.com/jwks',
  'gopher://app.example.com/',
  'https://user:secret@app.example.com/jwks',
  'data:application/json,{}',
])('V34: %s is not registered as a place of keys', async (jwksUri) => {
  const answer = await stage.admin.ask('POST', '/clients', {
    body: { signet_profile: 'machine', client_name: 'x', jwks_uri: jwksUri, signet_allow: ALLOWED.signet_allow },
  })
  expect(answer).toMatchObject({
    status: 400,
    body: { code: 'invalid_client_metadata', errors: [{ field: 'jwks_uri', given: jwksUri }] },
  })
})

test.each(PRIVATE_HOSTS.map((host) => `https://${host}/sector`))(
  'V34: a sector at %s is not asked for, and the registration is refused',
  async (sectorUri) => {
    const answer = await stage.admin.ask('POST', '/clients', {
      through: guarded,
      body: {
        signet_profile: 'spa',
        redirect_uris: ['https://app.example.com/cb'],
        subject_type: 'pairwise',
        sector_identifier_uri: sectorUri,
      },
    })
    const expected = expect.stringContaining('private address') as string
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'sector_identifier_uri', expected }] } })
  },
)
