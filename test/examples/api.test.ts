/** The example API over HTTP, with tokens of an issuer that signs anything. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../../examples/api/api.ts'
import { aSigningPair, anAccessToken, startTestIssuer } from '../resource-server/test-issuer.ts'
import { atEnd } from '../support/endings.ts'

const IDENTIFIER = 'http://localhost:4001'
const READ = 'posts:read'
const WRITE = 'posts:write'
let url: string
let tokenFor: (scope: string) => Promise<string>

beforeAll(async () => {
  const pair = await aSigningPair('a')
  const issuer = await startTestIssuer([pair])
  atEnd(() => issuer.close())
  const server = createApi({ issuer: issuer.issuer, identifier: IDENTIFIER }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  tokenFor = (scope) => anAccessToken(issuer.issuer, pair, { claims: { aud: IDENTIFIER, scope } })
})

interface Options {
  scope?: string
  body?: unknown
  type?: string
}

async function ask(method: string, path: string, options: Options = {}) {
  const headers: Record<string, string> = {}
  if (options.scope !== undefined) headers['authorization'] = `Bearer ${await tokenFor(options.scope)}`
  if (options.body !== undefined) headers['content-type'] = options.type ?? 'application/json'
  const body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
  const response = await fetch(url + path, { method, headers, ...(options.body === undefined ? {} : { body }) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
}

describe('posts', () => {
  test('are listed, written, renamed and deleted', async () => {
    expect(await ask('GET', '/api/posts', { scope: READ })).toMatchObject({
      status: 200,
      body: {
        posts: [
          { id: 1, title: 'First Post' },
          { id: 2, title: 'Second Post' },
        ],
      },
    })
    const written = await ask('POST', '/api/posts', { scope: WRITE, body: { title: ' Third Post ' } })
    expect(written).toMatchObject({ status: 201, body: { id: 3, title: 'Third Post' } })
    expect(written.headers.get('location')).toBe('/api/posts/3')
    const renamed = await ask('PUT', '/api/posts/3', { scope: WRITE, body: { title: 'Last Post' } })
    expect(renamed).toMatchObject({ status: 200, body: { id: 3, title: 'Last Post' } })
    expect((await ask('DELETE', '/api/posts/1', { scope: WRITE })).status).toBe(204)
    expect((await ask('GET', '/api/posts', { scope: READ })).body).toEqual({
      posts: [
        { id: 2, title: 'Second Post' },
        { id: 3, title: 'Last Post' },
      ],
    })
  })
})

describe('without the right token', () => {
  const requests = [
    ['GET', '/api/posts', READ],
    ['POST', '/api/posts', WRITE],
    ['PUT', '/api/posts/2', WRITE],
    ['DELETE', '/api/posts/2', WRITE],
  ] as const

  test.each(requests)('%s %s answers 401 and the bare challenge', async (method, path, scope) => {
    const refused = await ask(method, path)
    expect([refused.status, refused.body]).toEqual([401, undefined])
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer scope="${scope}", resource_metadata="${IDENTIFIER}/.well-known/oauth-protected-resource"`,
    )
  })

  test.each(requests)('%s %s answers 403 and names the scope %s', async (method, path, scope) => {
    const refused = await ask(method, path, { scope: scope === READ ? WRITE : READ })
    expect(refused).toMatchObject({
      status: 403,
      body: { error: 'insufficient_scope', error_description: `The access token lacks the scope ${scope}.` },
    })
    expect(refused.headers.get('www-authenticate')).toContain(`scope="${scope}"`)
  })
})

/** What it is, method, path, options, and the status, error and sentence of the answer. */
type Case = [string, string, string, Options, number, string, string]

describe('a request that is wrong', () => {
  const title = 'title must be a text of 1 to 200 characters.'
  const number = 'The id of a post is a whole number from 1 on.'
  const wanted = 'Send the post as application/json: {"title": "…"}.'
  const nothing = 'There is nothing here; the posts are at /api/posts.'
  test.each<Case>([
    ['no title', 'POST', '/api/posts', { body: {} }, 400, 'invalid_request', title],
    ['an empty title', 'POST', '/api/posts', { body: { title: '  ' } }, 400, 'invalid_request', title],
    ['a number as title', 'POST', '/api/posts', { body: { title: 7 } }, 400, 'invalid_request', title],
    ['too long a title', 'POST', '/api/posts', { body: { title: 'x'.repeat(201) } }, 400, 'invalid_request', title],
    ['a list', 'POST', '/api/posts', { body: [] }, 400, 'invalid_request', title],
    ['broken JSON', 'POST', '/api/posts', { body: '{"title":' }, 400, 'invalid_request', 'The body is not valid JSON.'],
    [
      'a large body',
      'POST',
      '/api/posts',
      { body: { title: 'x'.repeat(20_000) } },
      413,
      'too_large',
      'The body may have 16 kB.',
    ],
    [
      'a form',
      'POST',
      '/api/posts',
      { body: 'title=x', type: 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
      wanted,
    ],
    ['no body', 'POST', '/api/posts', {}, 415, 'unsupported_media_type', wanted],
    ['a word as id', 'PUT', '/api/posts/one', { body: { title: 'x' } }, 400, 'invalid_request', number],
    ['zero as id', 'DELETE', '/api/posts/0', {}, 400, 'invalid_request', number],
    ['no such post', 'PUT', '/api/posts/99', { body: { title: 'x' } }, 404, 'not_found', 'There is no post 99.'],
    ['no such post', 'DELETE', '/api/posts/99', {}, 404, 'not_found', 'There is no post 99.'],
    ['no such place', 'GET', '/elsewhere', {}, 404, 'not_found', nothing],
    ['a method that is not there', 'PATCH', '/api/posts', {}, 405, 'method_not_allowed', 'PATCH is not possible here.'],
  ])('%s: %s %s', async (_what, method, path, ...expected) => {
    const [options, status, error, description] = expected
    expect(await ask(method, path, { scope: WRITE, ...options })).toMatchObject({
      status,
      body: { error, error_description: description },
    })
  })
})

test('the API tells where to get a token', async () => {
  expect((await ask('GET', '/.well-known/oauth-protected-resource')).body).toMatchObject({
    resource: IDENTIFIER,
    resource_name: 'Posts',
    scopes_supported: [READ, WRITE],
  })
})
