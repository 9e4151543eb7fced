/** What comes in: media types, malformed bodies, unknown members, sizes, paths, methods, lists. */
import { expect, test } from 'vitest'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
const API = 'https://api.example.com'

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
  'refuses a body of type %s',
  async (type) => {
    const answer = await app.call('POST', '/resources', { body: '{}', headers: { 'content-type': type } })
    expect(answer.status).toBe(415)
    expect(answer.body).toMatchObject({
      code: 'unsupported_media_type',
      detail: 'The request body must be JSON (application/json) in UTF-8.',
    })
    expect(await app.refusal()).toMatchObject({ reason: 'unsupported_media_type', requestId: answer.body.request_id })
  },
)

test.each([
  ['no JSON', '{"resource":', 'The request body is not valid JSON.'],
  ['nothing at all', '', 'The request body is not valid JSON.'],
  ['a member twice', '{"name":"a","name":"b"}', 'The JSON names the member name more than once.'],
  [
    'a member of a member twice',
    '{"scopes":[{"name":"a","name":"b"}]}',
    'The JSON names the member scopes.name more than once.',
  ],
  ['a NUL', '{"name":"a\\u0000b"}', 'The JSON holds a NUL character or half a surrogate pair.'],
])('refuses a body with %s', async (_, body, detail) => {
  const answer = await app.call('POST', '/resources', { body })
  expect(answer.status).toBe(400)
  expect(answer.body).toMatchObject({ code: 'malformed_request', detail })
  expect(await app.refusal()).toMatchObject({ reason: 'malformed_request', requestId: answer.body.request_id })
})

test.each(['[]', 'null', '"text"', '3'])('refuses the JSON %s where an object is wanted', async (body) => {
  const answer = await app.call('POST', '/accounts', { body })
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toContainEqual(expect.objectContaining({ field: 'body', expected: 'a JSON object' }))
})

test('refuses a body over 56 KiB and says so', async () => {
  const answer = await app.call('POST', '/resources', { body: { resource: API, name: 'x'.repeat(60_000) } })
  expect(answer.status).toBe(413)
  expect(answer.body).toMatchObject({
    code: 'payload_too_large',
    detail: 'The request body is too large: at most 57344 bytes.',
  })
})

test('lists every faulty field with what was given and what would be right', async () => {
  const body = { resource: 'ftp', nam: 'Posts', scopes: ['posts:read', 3, 'a b'], access_token_ttl_seconds: 1 }
  const answer = await app.call('POST', '/resources', { body })
  expect(answer.status).toBe(400)
  expect(answer.body.code).toBe('invalid_request')
  expect(answer.body.errors.map(({ field }: { field: string }) => field).toSorted()).toEqual([
    'access_token_ttl_seconds',
    'nam',
    'resource',
    'scopes[1]',
    'scopes[2]',
  ])
  expect(answer.body.errors).toContainEqual({
    field: 'nam',
    given: 'Posts',
    expected: 'no member of this name; name exists',
  })
  expect(answer.body.errors).toContainEqual({
    field: 'resource',
    given: 'ftp',
    expected: 'an absolute URI without fragment, such as https://api.example.com',
  })
  expect(answer.body.detail).toBe(
    `The request has faults in: ${answer.body.errors.map(({ field }: { field: string }) => field).join(', ')}.`,
  )
  expect(await app.refusal()).toMatchObject({ reason: 'invalid_request', detail: { status: 400 } })
})

test.each([
  ['/clients', '{"signet_profile":"spa","redirect_uris":["https://a.example/cb"],"__proto__":{"a":1}}'],
  ['/accounts', '{"email":"ada@example.com","__proto__":{"a":1}}'],
  ['/resources', '{"resource":"https://a.example","__proto__":{"a":1}}'],
  ['/clients', '{"signet_profile":"spa","redirect_uris":["https://a.example/cb"],"constructor":{"a":1}}'],
])('refuses members of %s that would reach into objects', async (path, body) => {
  const answer = await app.call('POST', path, { body })
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toHaveLength(1)
  expect(answer.body.errors[0].field).toMatch(/^(__proto__|constructor)$/)
})

test('tells faults of the query, the body and If-Match together', async () => {
  const answer = await app.call('PATCH', `/resources/${encodeURIComponent(API)}?force=1`, {
    body: { scopes: 'all' },
    headers: { 'if-match': '3' },
  })
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toEqual([
    { field: 'force', given: '1', expected: 'nothing: this request takes no such member' },
    { field: 'scopes', given: 'all', expected: 'an array' },
    { field: 'If-Match', given: '3', expected: 'the ETag of one answer, such as "3" with its quotes' },
  ])
})

test.each(['/nowhere', '', '/', '/clients/', '/clients/a/b/c', '/Clients'])('has nothing at %s', async (path) => {
  const answer = await app.call('GET', path)
  expect(answer.status).toBe(404)
  expect(answer.body).toMatchObject({ code: 'not_found', detail: `The admin API has nothing at /admin/v1${path}.` })
})

test('names the methods of a path that another one was used on', async () => {
  const answer = await app.call('DELETE', '/clients')
  expect(answer.status).toBe(405)
  expect(answer.headers.get('allow')).toBe('GET, HEAD, POST')
  expect(answer.body).toMatchObject({
    code: 'method_not_allowed',
    detail: 'DELETE is not possible here, only GET, HEAD, POST.',
  })
})

test('refuses a path whose percent-encoding is malformed', async () => {
  const answer = await app.call('GET', '/resources/%zz')
  expect(answer.status).toBe(400)
  expect(answer.body.code).toBe('malformed_request')
})

test('answers HEAD as GET without the body', async () => {
  const answer = await app.call('HEAD', '/clients')
  expect(answer).toMatchObject({ status: 200, body: undefined })
})

test.each([
  ['limit=0', 'limit', 'a whole number from 1 to 200'],
  ['limit=201', 'limit', 'a whole number from 1 to 200'],
  ['limit=ten', 'limit', 'a whole number from 1 to 200'],
  ['limit=1&limit=2', 'limit', 'a string'],
  ['cursor=', 'cursor', 'the next_cursor of the page before'],
  ['cursor=made-up', 'cursor', 'the next_cursor of the page before'],
  ['page=2', 'page', 'no member of this name'],
])('refuses a list with %s', async (query, field, expected) => {
  for (const list of ['/clients', '/resources', '/accounts', '/keys', '/audit']) {
    const answer = await app.call('GET', `${list}?${query}`)
    expect(answer.status, list).toBe(400)
    expect(answer.body.errors, list).toEqual([expect.objectContaining({ field, expected })])
  }
})

test('lists page by page, each object once, in one order', async () => {
  const made = Array.from({ length: 7 }, (_, at) => `https://api-${at}.example.com`)
  for (const resource of made) await app.call('POST', '/resources', { body: { resource } })
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const answer = await app.call('GET', `/resources?limit=3${cursor && `&cursor=${cursor}`}`)
    expect(answer.body.items.length).toBeLessThanOrEqual(3)
    seen.push(...answer.body.items.map(({ resource }: { resource: string }) => resource))
    cursor = answer.body.next_cursor
  }
  expect(seen.toSorted()).toEqual(made)
})
