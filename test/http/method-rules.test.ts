import { beforeAll, describe, expect, test } from 'vitest'
import { rawRequest, startLoopback, type Loopback } from './loopback.ts'

const FORM = 'application/x-www-form-urlencoded'
let server: Loopback

beforeAll(async () => {
  server = await startLoopback([(ctx) => void (ctx.body = { method: ctx.method, query: ctx.querystring })], {
    methods: { '/token': ['POST'], '/jwks': ['GET'] },
    postAsGet: ['/authorize', '/logout'],
  })
})

function send(method: string, target: string, body = '', type = FORM) {
  const headers = [`Host: 127.0.0.1:${server.port}`, `Content-Type: ${type}`, `Content-Length: ${body.length}`]
  return server.send(rawRequest(target, headers, body, method))
}

describe('methods', () => {
  test.each([
    ['GET', '/token', 'POST'],
    ['PUT', '/token', 'POST'],
    ['POST', '/jwks', 'GET'],
    ['DELETE', '/jwks', 'GET'],
  ])('%s %s is 405 with Allow and a sentence', async (method, path, allow) => {
    const answer = await send(method, path)
    expect(answer.status).toBe(405)
    expect(answer.headers['allow']).toBe(allow)
    expect(JSON.parse(answer.body)).toEqual({
      error: 'invalid_request',
      error_description: `${path} takes ${allow} requests only.`,
    })
  })

  test.each([
    ['POST', '/token'],
    ['OPTIONS', '/token'],
    ['GET', '/jwks'],
    ['HEAD', '/jwks'],
    ['DELETE', '/elsewhere'],
  ])('%s %s is let through', async (method, path) => {
    expect((await send(method, path)).status).toBe(200)
  })

  test.each(['TRACE', 'PROPFIND', 'MKCOL'])('%s is 501', async (method) => {
    const answer = await send(method, '/token')
    expect(answer.status).toBe(501)
    expect(JSON.parse(answer.body)).toMatchObject({ error_description: 'This server does not know that method.' })
  })

  test('a method that HTTP does not know is 400 with a sentence', async () => {
    const answer = await send('NONSENSE', '/token')
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body)).toEqual({
      error: 'invalid_request',
      error_description: 'The request is not well-formed HTTP.',
    })
  })
})

describe('a form POST where a GET is meant', () => {
  test.each(['/authorize', '/logout'])('at %s is answered by 303 to the same request as GET', async (path) => {
    const answer = await send('POST', path, 'client_id=a+b&state=%C3%BC%26')
    expect(answer.status).toBe(303)
    expect(answer.headers['location']).toBe(`${path}?client_id=a+b&state=%C3%BC%26`)
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test('keeps repeated parameters, of the form and of the URL, for the GET to refuse', async () => {
    const answer = await send('POST', '/authorize?client_id=x', 'client_id=a&client_id=b')
    expect(answer.headers['location']).toBe('/authorize?client_id=x&client_id=a&client_id=b')
  })

  test('cannot be led to another host or header', async () => {
    const answer = await send('POST', '/authorize', 'a=%0d%0aSet-Cookie:x=1&b=//evil.example')
    expect(answer.headers['location']).toBe('/authorize?a=%0D%0ASet-Cookie%3Ax%3D1&b=%2F%2Fevil.example')
    expect(answer.headers).not.toHaveProperty('set-cookie')
    expect((await send('POST', '//evil.example/authorize', 'a=1')).status).toBe(200)
  })

  test('of another type is 415, and too long for a URL 413', async () => {
    expect((await send('POST', '/authorize', '{}', 'application/json')).status).toBe(415)
    const long = await send('POST', '/authorize', `state=${'x'.repeat(16_384)}`)
    expect(long.status).toBe(413)
    expect(JSON.parse(long.body)).toMatchObject({
      error_description: expect.stringMatching(
        /^The parameters are too long for a URL: at most 15\d{3} characters\. Push them to the pushed authorization request endpoint\.$/,
      ) as string,
    })
  })

  test('may be as long as the GET that follows', async () => {
    const most = 15_000
    const posted = await send('POST', '/authorize', `state=${'x'.repeat(most)}`)
    expect(posted.status).toBe(303)
    const cookie = `Cookie: a=${'c'.repeat(900)}`
    const followed = await server.send(
      rawRequest(posted.headers['location'] ?? '', [`Host: 127.0.0.1:${server.port}`, cookie]),
    )
    expect([followed.status, followed.body.length > most]).toEqual([200, true])
  })
})
