/** `/resources`. */
import { expect, test } from 'vitest'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
let made = 0

/** A new resource, its path and its ETag. */
async function aResource(members: Record<string, unknown> = {}) {
  made += 1
  const resource = `https://api-${made}.example.com/v1`
  const answer = await app.call('POST', '/resources', { body: { resource, scopes: ['posts:read'], ...members } })
  expect(answer.status).toBe(201)
  return { resource, path: `/resources/${encodeURIComponent(resource)}`, etag: answer.headers.get('etag') as string }
}

test('registers a resource, says where it is, and reads it by its percent-encoded identifier', async () => {
  const resource = 'https://api.example.com/v1/posts?tenant=a'
  const body = {
    resource,
    name: 'Posts',
    scopes: ['posts:read', { name: 'posts:write', description: 'Write posts' }],
    access_token_format: 'jwt',
    signing_alg: 'RS256',
    access_token_ttl_seconds: 600,
  }
  const created = await app.call('POST', '/resources', { body })
  expect(created.status).toBe(201)
  expect(created.headers.get('location')).toBe(`${app.issuer}/admin/v1/resources/${encodeURIComponent(resource)}`)
  expect(created.headers.get('etag')).toBe('"1"')
  expect(created.body).toMatchObject({
    ...body,
    scopes: [
      { name: 'posts:read', description: null },
      { name: 'posts:write', description: 'Write posts' },
    ],
  })
  const read = await app.call('GET', `/resources/${encodeURIComponent(resource)}`)
  expect(read).toMatchObject({ status: 200, body: created.body })
  expect(read.headers.get('etag')).toBe('"1"')
  expect((await app.events('resource.created'))[0]).toMatchObject({
    outcome: 'success',
    actor: { kind: 'client', id: app.caller.id },
    subject: { kind: 'resource', id: resource },
    requestId: created.headers.get('x-request-id'),
    address: '127.0.0.1',
  })
})

test('refuses an identifier that exists, also in another spelling', async () => {
  await app.call('POST', '/resources', { body: { resource: 'https://twice.example.com' } })
  const answer = await app.call('POST', '/resources', { body: { resource: 'https://TWICE.example.com/' } })
  expect(answer.status).toBe(409)
  expect(answer.body).toMatchObject({
    code: 'resource_exists',
    detail: 'A resource "https://TWICE.example.com/", or another spelling of it, exists already.',
    errors: [{ field: 'resource', given: 'https://TWICE.example.com/' }],
  })
  expect(await app.refusal()).toMatchObject({ reason: 'resource_exists', detail: { status: 409 } })
})

test('refuses to register the admin API itself', async () => {
  const answer = await app.call('POST', '/resources', { body: { resource: `${app.issuer}/admin/v1` } })
  expect(answer).toMatchObject({ status: 409, body: { code: 'resource_exists' } })
})

test('changes the members given and leaves the others', async () => {
  const { path } = await aResource({ name: 'Posts' })
  const answer = await app.call('PATCH', path, { body: { scopes: ['posts:read', 'posts:write'] } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('etag')).toBe('"2"')
  expect(answer.body).toMatchObject({ name: 'Posts', scopes: [{ name: 'posts:read' }, { name: 'posts:write' }] })
  expect((await app.events('resource.updated'))[0]?.detail).toMatchObject({ changed: ['scopes'] })
})

test('takes back what it gave, and refuses to change what does not change', async () => {
  const { path, resource } = await aResource()
  const { body } = await app.call('GET', path)
  expect((await app.call('PATCH', path, { body })).status).toBe(200)

  const changed = { ...body, resource: 'https://other.example.com', created_at: '2020-01-01T00:00:00.000Z' }
  const answer = await app.call('PATCH', path, { body: changed })
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toEqual([
    {
      field: 'created_at',
      given: '2020-01-01T00:00:00.000Z',
      expected: `"${body.created_at}": this member cannot be changed here`,
    },
    {
      field: 'resource',
      given: 'https://other.example.com',
      expected: `${resource}: an identifier never changes; register another resource`,
    },
  ])
})

test('makes a change against the version that If-Match names, and no other', async () => {
  const { path, etag } = await aResource()
  const headers = { 'if-match': etag }
  const first = await app.call('PATCH', path, { body: { name: 'One' }, headers })
  expect(first.status).toBe(200)
  const second = await app.call('PATCH', path, { body: { name: 'Two' }, headers })
  expect(second.status).toBe(412)
  expect(second.body).toMatchObject({
    code: 'version_mismatch',
    detail:
      'The resource was changed meanwhile (the change was made for version 1; it is now version 2). Read it again and repeat the change.',
  })
  expect(await app.refusal()).toMatchObject({ reason: 'version_mismatch', detail: { status: 412, method: 'PATCH' } })
  expect((await app.call('DELETE', path, { headers })).status).toBe(412)
  expect((await app.call('GET', path)).body.name).toBe('One')
  expect((await app.call('PATCH', path, { body: { name: 'Any' }, headers: { 'if-match': '*' } })).status).toBe(200)
})

test.each([
  ['the tag among others', '"7", "1"', 200, undefined],
  ['the tag among others of every kind', ', W/"1" ,"a,b", "1",', 200, undefined],
  ['other tags', '"7", "8"', 412, 'version_mismatch'],
  ['the tag as a weak one', 'W/"1"', 412, 'version_mismatch'],
  ['the tag as a weak one among others', '"7", W/"1"', 412, 'version_mismatch'],
  ['a tag that was never given', '"abc"', 412, 'version_mismatch'],
  ['a tag that holds the right one', '"x,"1', 400, 'invalid_request'],
  ['the tag in pieces', '"1', 400, 'invalid_request'],
  ['the tag and a star', '"1", *', 400, 'invalid_request'],
])('If-Match with %s (%s) is %d', async (_name, value, status, code) => {
  const { path } = await aResource({ name: 'Posts' })
  const answer = await app.call('PATCH', path, { body: { name: 'One' }, headers: { 'if-match': value } })
  expect(answer.status).toBe(status)
  expect(answer.body.code).toBe(code)
  expect((await app.call('GET', path)).body.name).toBe(status === 200 ? 'One' : 'Posts')
  if (code !== undefined) expect(await app.refusal()).toMatchObject({ reason: code, detail: { status } })
})

test('says for which versions a change was made', async () => {
  const { path } = await aResource()
  const detail = async (value: string) =>
    (await app.call('PATCH', path, { body: { name: 'One' }, headers: { 'if-match': value } })).body.detail as string
  expect(await detail('"7", "8"')).toContain('(the change was made for version 7 or 8; it is now version 1)')
  expect(await detail('W/"1"')).toContain('(the change was made for another version; it is now version 1)')
})

test('lets one of two changes of the same version through', async () => {
  const { path, etag } = await aResource()
  const headers = { 'if-match': etag }
  const answers = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => app.call('PATCH', path, { body: { name }, headers })),
  )
  expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['200', '412', '412', '412'])
})

test('deletes a resource, and then it is gone', async () => {
  const { path, resource } = await aResource()
  expect(await app.call('DELETE', path)).toMatchObject({ status: 204, body: undefined })
  for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as const) {
    const answer = await app.call(method, path, body ? { body } : {})
    expect(answer).toMatchObject({
      status: 404,
      body: { code: 'resource_not_found', detail: `There is no resource "${resource}".` },
    })
  }
  expect((await app.events('resource.deleted'))[0]).toMatchObject({ subject: { id: resource } })
  expect(await app.refusal()).toMatchObject({ reason: 'resource_not_found', detail: { method: 'DELETE' } })
})
