/** No input makes the server fail: what is malformed on the way to any endpoint is a 4xx with an error and a sentence. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawRequest, sendRaw, type RawResponse } from '../http/loopback.ts'
import { administrator, type RegisteredClient } from '../support/administrator.ts'
import { assertionParams } from '../support/assertion.ts'
import { type Server, startServer } from '../support/server.ts'
import { faultsOf, linesThatAreNoJson } from '../support/server-faults.ts'

const FORM = 'application/x-www-form-urlencoded'
const API = 'https://api.example.com'
const FORM_ENDPOINTS = ['/token', '/par', '/introspect', '/revoke']
let server: Server
let machine: RegisteredClient

beforeAll(async () => {
  server = await startServer()
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  machine = await admin.client('machine', { signet_allow: [{ resource: API, scopes: ['posts:read'] }] })
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

function send(target: string, headers: readonly string[] = [], body: string | Buffer = '', method = 'GET') {
  const host = headers.some((line) => /^host:/i.test(line)) ? [] : [`Host: localhost:${server.port}`]
  const head = rawRequest(target, [...host, ...headers], '', method)
  return sendRaw(server.port, Buffer.concat([Buffer.from(head), Buffer.from(body)]))
}

function post(target: string, type: string, body: string | Buffer) {
  return send(target, [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`], body, 'POST')
}

function refusalOf(answer: RawResponse): { error: string; error_description: string } {
  const body = JSON.parse(answer.body) as { error: string; error_description: string }
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  return body
}

function expectRefusal(answer: RawResponse): void {
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status).toBeLessThan(500)
  const { error, error_description: description } = refusalOf(answer)
  expect(error).toMatch(/^[a-z_]+$/)
  expect(description).toMatch(/\w+ \w+/)
  expect(answer.headers).not.toHaveProperty('location')
}

describe('a foreign or malformed host', () => {
  test.each(['evil.example', '127.0.0.1', 'localhost', 'localhost:1', 'localhost.:3000'])('%s is 421', async (host) => {
    for (const path of ['/.well-known/openid-configuration', '/token', '/authorize', '/admin/v1/clients', '/']) {
      const answer = await send(path, [`Host: ${host}`])
      expect(answer.status).toBe(421)
      // it is named once, in the sentence
      const named = `the request named the host ${host}. `
      expect(answer.text).toContain(named)
      expect(answer.text.replace(named, '')).not.toContain('evil.example')
    }
  })

  test.each(['Host: a b', 'Host: evil:x@localhost', 'Host:', 'Host: <x>'])('"%s" is 400', async (line) => {
    const answer = await send('/token', [line])
    expect(answer.status).toBe(400)
    expect(refusalOf(answer)).toMatchObject({ error: 'invalid_request' })
  })

  test('gets no token for an assertion whose audience it names', async () => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      ...(await assertionParams({
        issuer: server.issuer,
        clientId: machine.id,
        key: machine.key,
        claims: { aud: 'http://evil.example/token' },
      })),
    }).toString()
    const head = [`Content-Type: ${FORM}`, `Content-Length: ${body.length}`]
    const foreign = await send('/token', ['Host: evil.example', ...head], body, 'POST')
    expect(foreign.status).toBe(421)
    const forwarded = await send('/token', ['X-Forwarded-Host: evil.example', ...head], body, 'POST')
    expect(forwarded.status).toBe(401)
    expect(refusalOf(forwarded)).toEqual({
      error: 'invalid_client',
      error_description: `client assertion: aud is 'http://evil.example/token'; it must be the issuer ${server.issuer}, as the only value`,
    })
  })

  test('is in no URL of the discovery document, whatever the headers say', async () => {
    const headers = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https', 'Forwarded: host=evil.example']
    const answer = await send('/.well-known/openid-configuration', headers)
    expect(answer.status).toBe(200)
    expect(answer.body).not.toContain('evil.example')
    expect(JSON.parse(answer.body)).toMatchObject({ issuer: server.issuer, token_endpoint: `${server.issuer}/token` })
  })
})

describe('a malformed URL', () => {
  test.each([
    '/%',
    '/%zz',
    '/interaction/%c3%28',
    '/authorize?client_id=%00',
    '/authorize?state=%ff',
    '/jwks?%ed%a0%80',
  ])('%s is 400', async (target) => {
    const answer = await send(target)
    expect(answer.status).toBe(400)
    expect(refusalOf(answer)).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringMatching(/^The URL is malformed/) as string,
    })
  })

  test.each([
    '/..;/token',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//evil.example/authorize',
    '/authorize/../token',
    '/interaction/',
    '/interaction/x/y/z',
    '/\\evil.example',
    '/constructor',
    '/__proto__',
  ])('%s leads nowhere', async (target) => {
    const answer = await send(target)
    expectRefusal(answer)
    expect(answer.status).toBe(404)
  })
})

describe('a malformed body', () => {
  const bodies: [string, string, string | Buffer][] = [
    ['nothing', FORM, ''],
    ['a NUL', FORM, 'client_id=%00&grant_type=client_credentials'],
    [
      'NULs everywhere',
      FORM,
      'grant_type=%00&client_id=a%00&client_secret=%00&token=%00&client_assertion=%00&scope=%00',
    ],
    ['broken percent-encoding', FORM, 'client_id=%zz&grant_type=%'],
    ['invalid UTF-8', FORM, Buffer.from([0x63, 0x3d, 0xff, 0xfe])],
    ['half a surrogate pair', FORM, 'client_id=%ed%a0%80&grant_type=client_credentials'],
    ['a thousand parameters', FORM, 'a=1&'.repeat(1000)],
    ['repeated parameters', FORM, 'grant_type=client_credentials&grant_type=client_credentials'],
    ['prototype members', FORM, '__proto__=1&constructor=2&hasOwnProperty=3&toString=4'],
    ['brackets', FORM, 'client_id[]=a&client_id[x]=b&grant_type[$ne]=c'],
    ['JSON', 'application/json', '{"grant_type":"client_credentials"}'],
    ['malformed JSON', 'application/json', '{"grant_type":'],
    ['multipart', 'multipart/form-data; boundary=x', '--x--'],
    ['XML', 'text/xml', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
    ['a character set that is none', `${FORM}; charset=nonsense`, 'grant_type=client_credentials'],
    ['a strange content type', 'a;b;;c', 'grant_type=client_credentials'],
    ['an enormous number', FORM, `client_id=${'9'.repeat(50_000)}`],
    ['SQL', FORM, "client_id=' OR 1=1; --&grant_type=client_credentials&client_secret=x"],
  ]

  test.each(bodies)('with %s is refused at every form endpoint', async (_, type, body) => {
    for (const endpoint of FORM_ENDPOINTS) {
      const answer = await post(endpoint, type, body)
      expectRefusal(answer)
      expect([400, 401]).toContain(answer.status)
      expect(['invalid_request', 'invalid_client', 'unsupported_grant_type']).toContain(refusalOf(answer).error)
    }
  })

  test.each(bodies)('with %s is refused where a form becomes a query', async (_, type, body) => {
    for (const endpoint of ['/authorize', '/logout']) {
      const answer = await post(endpoint, type, body)
      if (answer.status === 303) expect(answer.headers['location']).toMatch(new RegExp(`^${endpoint}(\\?|$)`))
      else expectRefusal(answer)
    }
  })

  test('over 56 KiB is 413 with the connection closed, announced or in chunks, at every endpoint', async () => {
    const chunk = `e000\r\n${'x'.repeat(57_344)}\r\n`
    for (const endpoint of [
      ...FORM_ENDPOINTS,
      '/authorize',
      '/logout',
      '/userinfo',
      '/admin/v1/clients',
      '/interaction/x',
    ]) {
      const announced = await send(endpoint, [`Content-Type: ${FORM}`, 'Content-Length: 1000000000'], 'a=1', 'POST')
      expect(announced.status).toBe(413)
      expect(announced.headers['connection']).toBe('close')
      expect(announced.body).toContain('The request body is too large: at most 57344 bytes.')
    }
    for (const endpoint of FORM_ENDPOINTS) {
      const answer = await send(
        endpoint,
        [`Content-Type: ${FORM}`, 'Transfer-Encoding: chunked'],
        chunk + chunk,
        'POST',
      )
      expect(answer.status).toBe(413)
      expect(refusalOf(answer)).toMatchObject({ error: 'invalid_request' })
    }
  })
})

describe('a request that is hardly HTTP', () => {
  test.each([
    ['a method nobody knows', 'NONSENSE / HTTP/1.1\r\n\r\n', 400],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000\u0001', 400],
    ['two lengths', 'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na', 400],
    [
      'a length and chunks',
      'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na',
      400,
    ],
    ['a head of 50 KB', `GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${'1,'.repeat(25_000)}\r\n\r\n`, 431],
  ])('with %s is refused with a sentence', async (_, text, status) => {
    const answer = await sendRaw(server.port, text)
    expect(answer.status).toBe(status)
    expect(refusalOf(answer)).toMatchObject({ error: 'invalid_request' })
  })

  test.each([
    ['GET', '/token', 'POST'],
    ['PUT', '/token', 'POST'],
    ['GET', '/par', 'POST'],
    ['GET', '/introspect', 'POST'],
    ['GET', '/revoke', 'POST'],
    ['POST', '/jwks', 'GET'],
  ])('%s %s is 405 and says what it takes', async (method, path, allow) => {
    const answer = await send(path, [], '', method)
    expect(answer.status).toBe(405)
    expect(answer.headers['allow']).toBe(allow)
    expect(refusalOf(answer)).toEqual({
      error: 'invalid_request',
      error_description: `${path} takes ${allow} requests only.`,
    })
  })
})

describe('malformed JSON', () => {
  test.each(['', '{', 'null', '[]', '{"a":1,"a":2}', '"x"', String.raw`{"client_name":"\u0000"}`, '['.repeat(20_000)])(
    '%s reaches no room of the admin API and is a problem without a token',
    async (body) => {
      const answer = await post('/admin/v1/clients', 'application/json', body)
      expect(answer.status).toBe(401)
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(JSON.parse(answer.body)).toMatchObject({ status: 401, request_id: answer.headers['x-request-id'] })
    },
  )
})

describe('cookies that the server did not make', () => {
  test.each([
    'signet_session=x',
    'signet_session=; signet_session.sig=x',
    'signet_interaction=%00',
    'signet_interaction=../../x; signet_interaction.sig=y',
    'signet-form=x.y',
    'signet_session=%ff%fe',
    `signet_session=${'x'.repeat(8000)}`,
    '=;;;=,,',
    '__proto__=1',
  ])('"%s" are as good as none', async (cookie) => {
    for (const path of ['/', '/interaction/abc', '/logout', '/authorize?client_id=x']) {
      const answer = await send(path, [`Cookie: ${cookie}`, 'Accept: text/html'])
      expect(answer.status).toBeLessThan(500)
      expect(answer.status).toBeGreaterThanOrEqual(200)
    }
  })
})

test('control characters in any input forge no line of the log and move no cursor', async () => {
  const hostile = 'x\r\n{"level":"fatal","msg":"forged"}\u001b[2J'
  const encoded = encodeURIComponent(hostile)
  await post('/token', FORM, `grant_type=${encoded}&client_id=${encoded}&scope=${encoded}`)
  await post('/introspect', FORM, `token=${encoded}&client_id=${encoded}&client_secret=${encoded}`)
  await send(`/authorize?client_id=${encoded}&redirect_uri=${encoded}&state=${encoded}`, ['Accept: text/html'])
  await send(`/${encoded}`, [`User-Agent: \u001b[2J`, `Cookie: a=${encoded}`])
  await expect.poll(() => linesThatAreNoJson(server)).toEqual([])
  expect(server.logLines().filter(({ level, msg }) => level === 'fatal' || msg === 'forged')).toEqual([])
  expect(server.logs()).not.toContain('\u001b')
})
