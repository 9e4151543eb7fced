import { beforeAll, describe, expect, test } from 'vitest'
import { rawRequest, startLoopback, type Loopback } from './loopback.ts'

const ISSUER = 'http://auth.example.test:3000'
let server: Loopback

beforeAll(async () => {
  const echo = (ctx: { body: unknown; path: string; host: string; query: unknown }) => {
    ctx.body = { path: ctx.path, host: ctx.host, query: ctx.query }
  }
  server = await startLoopback([echo], { issuer: ISSUER })
})

describe('the host allow-list', () => {
  test.each(['auth.example.test:3000', 'AUTH.example.TEST:3000'])(
    'lets the issuer’s host through: %s',
    async (host) => {
      const answer = await server.send(rawRequest('/', ['From: a', `Host: ${host}`, 'Date: b']))
      expect(answer.status).toBe(200)
    },
  )

  test.each([
    'evil.example',
    'auth.example.test',
    'auth.example.test:80',
    'auth.example.test:3001',
    'auth.example.test.:3000',
    'auth.example.test.evil.example:3000',
    '127.0.0.1:3000',
    '[::1]:3000',
    'localhost:3000',
  ])('answers 421 with a sentence to the foreign host %s', async (host) => {
    const answer = await server.send(rawRequest('/', [`Host: ${host}`]))
    expect(answer.status).toBe(421)
    expect(JSON.parse(answer.body)).toEqual({
      error: 'invalid_request',
      error_description: `This server answers for ${ISSUER} only, and the request named the host ${host.toLowerCase()}. A proxy in front of it must send Host: auth.example.test:3000.`,
    })
  })

  test.each([
    ['a space', ['Host: a b']],
    ['userinfo', ['Host: evil:x@auth.example.test:3000']],
    ['a path', ['Host: auth.example.test:3000/x']],
    ['a comma', ['Host: auth.example.test:3000, evil.example']],
    ['markup', ['Host: <script>']],
    ['no value', ['Host:']],
    ['a port that is none', ['Host: auth.example.test:30x0']],
    ['no Host at all', []],
    ['two Host headers', ['Host: auth.example.test:3000', 'Host: evil.example']],
    ['a very long name', [`Host: ${'a'.repeat(5000)}`]],
  ])('answers 400 with a sentence to a malformed Host: %s', async (_, headers) => {
    const answer = await server.send(rawRequest('/', headers))
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body)).toEqual({
      error: 'invalid_request',
      error_description:
        'The Host header is missing or malformed: it must be the host name of this server, with its port if it has one.',
    })
  })

  test('answers 400 to HTTP/1.0 without Host', async () => {
    const answer = await server.send('GET / HTTP/1.0\r\n\r\n')
    expect(answer.status).toBe(400)
  })

  test('takes an absolute request target for its path when it names the same host', async () => {
    const answer = await server.send(rawRequest(`${ISSUER}/token?a=b`, ['Host: auth.example.test:3000']))
    expect(JSON.parse(answer.body)).toMatchObject({ path: '/token', query: { a: 'b' } })
  })

  test('answers 421 when the absolute request target names another host', async () => {
    const answer = await server.send(rawRequest('http://evil.example/token', ['Host: auth.example.test:3000']))
    expect(answer.status).toBe(421)
  })

  test.each([
    'http://evil@auth.example.test:3000/',
    'http://:evil@auth.example.test:3000/',
    'ftp://auth.example.test:3000/',
    'xhttp://auth.example.test:3000/',
    'http:/auth.example.test:3000/',
    '*',
  ])('answers 400 to the request target %s', async (target) => {
    const answer = await server.send(rawRequest(target, ['Host: auth.example.test:3000'], '', 'OPTIONS'))
    expect(answer.status).toBe(400)
  })

  test('never takes a host from X-Forwarded-Host or Forwarded', async () => {
    const headers = [
      'Host: auth.example.test:3000',
      'X-Forwarded-Host: evil.example',
      'X-Original-Host: evil.example',
      'Forwarded: host=evil.example;proto=https',
    ]
    const answer = await server.send(rawRequest('/', headers))
    expect(JSON.parse(answer.body)).toMatchObject({ host: 'auth.example.test:3000' })
  })

  test('accepts an https issuer with and without its default port', async () => {
    const secure = await startLoopback([(ctx) => void (ctx.body = 'ok')], { issuer: 'https://auth.example.test' })
    const statuses = []
    for (const host of ['auth.example.test', 'auth.example.test:443', 'auth.example.test:80']) {
      statuses.push((await secure.send(rawRequest('/', [`Host: ${host}`]))).status)
    }
    expect(statuses).toEqual([200, 200, 421])
  })
})
