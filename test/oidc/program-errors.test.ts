/** The endpoints that programs call answer errors as JSON, even when the caller prefers a page. */
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type RegisteredClient } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'
import { rawRequest, sendRaw } from '../http/loopback.ts'

/** What Java's HttpURLConnection sends, and what browsers send. */
const PREFER_HTML = 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2'
const FORM = 'application/x-www-form-urlencoded'
let server: Server
let web: RegisteredClient

beforeAll(async () => {
  server = await startServer()
  const admin = await administrator(server)
  web = await admin.client('web', { redirect_uris: ['https://shop.example.com/callback'] })
})

async function send(method: string, path: string, headers: Record<string, string> = {}, body = '') {
  const all = { Host: new URL(server.issuer).host, Accept: PREFER_HTML, ...headers }
  const length = body === '' || headers['Content-Length'] ? {} : { 'Content-Length': String(body.length) }
  const lines = Object.entries({ ...all, ...length }).map(([name, value]) => `${name}: ${value}`)
  return sendRaw(server.port, rawRequest(path, lines, body, method))
}

function expectJson(answer: Awaited<ReturnType<typeof send>>, status: number, error: string): void {
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual({
    status,
    body: { error, error_description: expect.stringMatching(/\w+ \w+/) as unknown },
  })
  expect(answer.headers['cache-control']).toBe('no-store')
}

const POSTED = ['/token', '/par', '/introspect', '/revoke']
const READ = ['/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']

describe('an error is JSON whatever Accept says', () => {
  test.each(POSTED)('of %s', async (path) => {
    const form = { 'Content-Type': FORM }
    const nobody = 'client_id=nobody&grant_type=authorization_code&token=x'
    expectJson(await send('POST', path, form, nobody), 401, 'invalid_client')
    expectJson(await send('POST', path, form, 'grant_type=x'), 400, 'invalid_request')
    expectJson(await send('POST', path, { 'Content-Type': 'application/json' }, '{}'), 400, 'invalid_request')
    expectJson(await send('GET', path), 405, 'invalid_request')
    expectJson(await send('POST', path, { ...form, 'Content-Length': '100000' }, 'a'), 413, 'invalid_request')
  })

  test('of /userinfo', async () => {
    expectJson(await send('GET', '/userinfo', { Authorization: 'Bearer x' }), 401, 'invalid_token')
    expectJson(await send('GET', '/userinfo'), 401, 'invalid_token')
    expectJson(await send('PUT', '/userinfo'), 405, 'invalid_request')
  })

  test.each([...POSTED, ...READ, '/userinfo', '/status-lists'])(
    'of an address below %s, and a wrong host',
    async (path) => {
      expectJson(await send('GET', `${path}/nothing`), 404, 'not_found')
      expectJson(await send('GET', path, { Host: 'elsewhere.example' }), 421, 'invalid_request')
      expectJson(await send('PROPFIND', path), 501, 'server_error')
    },
  )

  test('of a bug', async () => {
    await asSuperuser((client) => client.query('ALTER TABLE artefacts RENAME TO mislaid'), server.databaseUrl)
    try {
      const headers = { Authorization: `Bearer ${'x'.repeat(43)}` }
      expectJson(await send('GET', '/userinfo', headers), 500, 'server_error')
    } finally {
      await asSuperuser((client) => client.query('ALTER TABLE mislaid RENAME TO artefacts'), server.databaseUrl)
    }
  })
})

test('where people come with a browser, an error is a page for those who prefer one, and JSON for others', async () => {
  for (const path of ['/authorize?client_id=nobody', '/logout?client_id=nobody', '/nothing']) {
    expect((await send('GET', path)).headers['content-type'], path).toMatch(/^text\/html/)
  }
  expectJson(await send('GET', '/nothing', { Accept: '*/*' }), 404, 'not_found')
})

test('a revocation answers 200 with an empty body that has no type', async () => {
  const answer = await createApp(server, web, 'https://shop.example.com/callback').call('/revoke', { token: 'x' })
  expect(answer).toMatchObject({ status: 200, body: {} })
  expect(answer.headers.get('content-type')).toBeNull()
})
