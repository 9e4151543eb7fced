/** `/clients`, their allowances and secrets. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/shared/ids.ts'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
const API = 'https://api.example.com'
const MAIL = 'https://mail.example.com'
for (const resource of [API, MAIL]) {
  await app.call('POST', '/resources', { body: { resource, scopes: ['read', 'write'] } })
}

const jwks = { keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })] }
const MACHINE = { signet_profile: 'machine', client_name: 'billing', jwks }
const BLOG = {
  signet_profile: 'web',
  client_name: 'blog',
  redirect_uris: ['https://blog.example.com/cb'],
  token_endpoint_auth_method: 'client_secret_basic',
}

async function aClient(members: Record<string, unknown> = MACHINE) {
  const answer = await app.call('POST', '/clients', { body: members })
  expect(answer.status).toBe(201)
  return {
    ...answer.body,
    path: `/clients/${answer.body.client_id}`,
    etag: answer.headers.get('etag') as string,
  }
}

const digests = async (id: string) => (await app.clients.read(id))?.secretDigests.map(String)

test('registers a client by its RFC 7591 document', async () => {
  const body = {
    ...MACHINE,
    signet_allow: [{ resource: API, scopes: ['read'] }],
    signet_default_resource: API,
  }
  const answer = await app.call('POST', '/clients', { body })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('etag')).toBe('"1"')
  expect(answer.body).toMatchObject({
    ...body,
    client_id: expect.stringMatching(/^cli-/),
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    signet_status: 'enabled',
    signet_client_origin: 'administrator',
  })
  expect(answer.body).not.toHaveProperty('client_secret')
  expect(answer.headers.get('location')).toBe(`${app.issuer}/admin/v1/clients/${answer.body.client_id}`)
  expect((await app.call('GET', `/clients/${answer.body.client_id}`)).body).toEqual(answer.body)
  expect((await app.events('client.created'))[0]).toMatchObject({
    clientId: answer.body.client_id,
    actor: { kind: 'client', id: app.caller.id },
  })
})

test('tells the secret of a client once, and keeps its digest alone', async () => {
  const { path, client_id, client_secret, client_secret_expires_at } = await aClient(BLOG)
  expect(client_secret).toMatch(/^sec-[A-Za-z0-9_-]{43}$/)
  expect(client_secret_expires_at).toBe(0)
  expect(await digests(client_id)).toEqual([String(sha256(client_secret))])
  expect((await app.call('GET', path)).body).not.toHaveProperty('client_secret')
  const list = await app.call('GET', '/clients?limit=200')
  expect(JSON.stringify(list.body)).not.toContain(client_secret)
})

test('tells every faulty member at once', async () => {
  const body = {
    ...BLOG,
    redirect_uris: ['https://blog.example.com/cb#x', 'javascript:alert(1)'],
    client_nam: 'blog',
    client_uri: 'http://blog.example.com',
    client_id: 'signet-mine',
    signet_allow: [{ resource: API, scopes: ['reed'] }],
  }
  const answer = await app.call('POST', '/clients', { body })
  expect(answer.status).toBe(400)
  const fields = answer.body.errors.map(({ field }: { field: string }) => field)
  expect(fields.toSorted()).toEqual([
    'client_id',
    'client_nam',
    'client_uri',
    'redirect_uris[0]',
    'redirect_uris[1]',
    'signet_allow[0].scopes',
  ])
  for (const fault of answer.body.errors) {
    expect(fault).toEqual({ field: expect.any(String), given: expect.anything(), expected: expect.any(String) })
  }
  expect(await app.refusal()).toMatchObject({ reason: 'invalid_request', detail: { status: 400 } })
})

test('refuses a document without a profile', async () => {
  const answer = await app.call('POST', '/clients', { body: { client_name: 'x' } })
  expect(answer).toMatchObject({
    status: 400,
    body: { code: 'invalid_client_metadata', detail: 'The client metadata has faults in: signet_profile.' },
  })
})

test('changes the members given, and takes one away with null', async () => {
  const { path } = await aClient({ ...BLOG, tos_uri: 'https://blog.example.com/tos' })
  const body = { client_name: 'Blog', tos_uri: null }
  const answer = await app.call('PATCH', path, { body })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('etag')).toBe('"2"')
  expect(answer.body).toMatchObject({ client_name: 'Blog', redirect_uris: BLOG.redirect_uris })
  expect(answer.body).not.toHaveProperty('tos_uri')
  expect((await app.events('client.updated'))[0]?.detail).toEqual({ changed: ['client_name', 'tos_uri'] })
})

test('changes nothing when it is sent what it gave', async () => {
  const { path } = await aClient({
    ...BLOG,
    signet_allow: [{ resource: API, scopes: ['read'] }],
    signet_pkce: 'optional',
    signet_introspect: true,
  })
  const { body } = await app.call('GET', path)
  const answer = await app.call('PATCH', path, { body })
  expect(answer).toMatchObject({ status: 200, body })
})

test('refuses to change id, issue time, status or origin by a document', async () => {
  const { path, client_id } = await aClient()
  const { body } = await app.call('GET', path)
  const answer = await app.call('PATCH', path, {
    body: {
      ...body,
      client_id: 'mine',
      signet_status: 'disabled',
      signet_client_origin: 'document',
      client_uri: 'nowhere',
    },
  })
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toEqual([
    { field: 'client_id', given: 'mine', expected: `${client_id}; it is not changed this way` },
    { field: 'signet_status', given: 'disabled', expected: 'enabled; it is not changed this way' },
    { field: 'signet_client_origin', given: 'document', expected: 'administrator; it is not changed this way' },
    expect.objectContaining({ field: 'client_uri', given: 'nowhere' }),
  ])
})

test('refuses a change against an older version', async () => {
  const { path, etag } = await aClient()
  const headers = { 'if-match': etag }
  expect((await app.call('PATCH', path, { body: { client_name: 'One' }, headers })).status).toBe(200)
  for (const [method, at, body] of [
    ['PATCH', path, { client_name: 'Two' }],
    ['DELETE', path],
    ['POST', `${path}/disable`],
    ['PUT', `${path}/allowances/${encodeURIComponent(API)}`, { scopes: ['read'] }],
  ] as const) {
    const answer = await app.call(method, at, { headers, ...(body ? { body } : {}) })
    expect(answer, `${method} ${at}`).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    expect(await app.refusal()).toMatchObject({ reason: 'version_mismatch', detail: { method } })
  }
})

test('disables and enables a client', async () => {
  const { path, client_id } = await aClient()
  expect((await app.call('POST', `${path}/disable`)).body).toMatchObject({ client_id, signet_status: 'disabled' })
  expect((await app.clients.find(client_id))?.status).toBe('disabled')
  expect((await app.call('POST', `${path}/enable`)).body).toMatchObject({ client_id, signet_status: 'enabled' })
  expect((await app.events('client.disabled'))[0]).toMatchObject({ clientId: client_id })
  expect((await app.events('client.enabled'))[0]).toMatchObject({ clientId: client_id })
})

test('deletes a client, and then it is gone', async () => {
  const { path, client_id } = await aClient()
  expect((await app.call('DELETE', path)).status).toBe(204)
  for (const [method, at, body] of [
    ['GET', path],
    ['PATCH', path, {}],
    ['DELETE', path],
    ['POST', `${path}/enable`],
    ['GET', `${path}/secrets`],
    ['POST', `${path}/secrets`],
    ['DELETE', `${path}/secrets/x`],
    ['PUT', `${path}/allowances/${encodeURIComponent(API)}`, { scopes: [] }],
  ] as const) {
    const answer = await app.call(method, at, body ? { body } : {})
    expect(answer, `${method} ${at}`).toMatchObject({
      status: 404,
      body: { code: 'client_not_found', detail: `There is no client "${client_id}".` },
    })
  }
  expect((await app.events('client.deleted'))[0]).toMatchObject({ clientId: client_id })
})

test('sets the allowance for one resource and leaves the others', async () => {
  const { path } = await aClient({ ...MACHINE, signet_allow: [{ resource: MAIL, scopes: ['read'] }] })
  const at = (resource: string) => `${path}/allowances/${encodeURIComponent(resource)}`
  const set = await app.call('PUT', at(API), { body: { scopes: ['read', 'write'] } })
  expect(set.status).toBe(200)
  expect(set.body.signet_allow).toEqual([
    { resource: API, scopes: ['read', 'write'] },
    { resource: MAIL, scopes: ['read'] },
  ])
  const replaced = await app.call('PUT', at('https://API.example.com/'), { body: { scopes: ['write'] } })
  expect(replaced.body.signet_allow).toContainEqual({ resource: API, scopes: ['write'] })
  const taken = await app.call('DELETE', at(MAIL))
  expect(taken.body.signet_allow).toEqual([{ resource: API, scopes: ['write'] }])
  expect(await app.call('DELETE', at(MAIL))).toMatchObject({
    status: 404,
    body: { code: 'not_found', detail: expect.stringContaining(`has no allowance for "${MAIL}"`) },
  })
})

test('refuses an allowance for an unknown resource or scope and names it', async () => {
  const { path } = await aClient()
  const unknown = await app.call('PUT', `${path}/allowances/urn%3Ax`, { body: { scopes: ['read'] } })
  expect(unknown.status).toBe(400)
  expect(unknown.body.errors).toEqual([
    { field: 'signet_allow[0].resource', given: 'urn:x', expected: 'the identifier of a registered resource' },
  ])
  const wrong = await app.call('PUT', `${path}/allowances/${encodeURIComponent(API)}`, { body: { scopes: ['reed'] } })
  expect(wrong.body.errors).toEqual([
    {
      field: 'signet_allow[0].scopes',
      given: 'reed',
      expected: `a scope of ${API}: one of read, write (did you mean read?)`,
    },
  ])
})

test('loses none of several allowances that are set at once', async () => {
  const { path, client_id } = await aClient()
  await Promise.all(
    [API, MAIL].map((resource) =>
      app.call('PUT', `${path}/allowances/${encodeURIComponent(resource)}`, { body: { scopes: ['read'] } }),
    ),
  )
  expect((await app.clients.read(client_id))?.allowances.map(({ resource }) => resource).toSorted()).toEqual([
    API,
    MAIL,
  ])
})

test('keeps secrets side by side until one is revoked', async () => {
  const { path, client_id, client_secret: first } = await aClient(BLOG)
  const added = await app.call('POST', `${path}/secrets`)
  expect(added.status).toBe(201)
  const second = added.body.client_secret
  expect(await digests(client_id)).toEqual([first, second].map((secret) => String(sha256(secret))))
  const list = await app.call('GET', `${path}/secrets`)
  expect(list.body.items).toHaveLength(2)
  expect(list.body.items[1]).toEqual({ id: added.body.id, created_at: added.body.created_at, expires_at: null })
  const page = await app.call('GET', `${path}/secrets?limit=1`)
  const rest = await app.call('GET', `${path}/secrets?limit=1&cursor=${page.body.next_cursor}`)
  expect([page.body.items[0].id, rest.body.items[0].id]).toEqual(list.body.items.map(({ id }: { id: string }) => id))
  expect(rest.body.next_cursor).toBeNull()

  expect((await app.call('DELETE', `${path}/secrets/${list.body.items[0].id}`)).status).toBe(204)
  expect(await digests(client_id)).toEqual([String(sha256(second))])
  const again = await app.call('DELETE', `${path}/secrets/${list.body.items[0].id}`)
  expect(again).toMatchObject({ status: 404, body: { code: 'client_secret_not_found' } })
  expect((await app.events('client.secret_added'))[0]).toMatchObject({ clientId: client_id })
  expect((await app.events('client.secret_revoked'))[0]).toMatchObject({ clientId: client_id })
})

test('gives no secret to a client that authenticates without one', async () => {
  const { path } = await aClient()
  const answer = await app.call('POST', `${path}/secrets`)
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toMatchObject([{ field: 'token_endpoint_auth_method', given: 'private_key_jwt' }])
})

test('lets nobody come to more rights through another client', async () => {
  const adminApi = `${app.issuer}/admin/v1`
  const strong = await aClient({ ...MACHINE, signet_allow: [{ resource: adminApi, scopes: ['accounts:write'] }] })
  const token = await app.token({ scope: 'clients:read clients:write' })
  const refused: [string, string, unknown?][] = [
    ['POST', '/clients', { ...MACHINE, signet_allow: [{ resource: adminApi, scopes: ['accounts:write'] }] }],
    ['PATCH', strong.path, { jwks }],
    ['DELETE', strong.path],
    ['POST', `${strong.path}/disable`],
    ['POST', `${strong.path}/secrets`],
    ['DELETE', `${strong.path}/secrets/x`],
    ['PUT', `${(await aClient()).path}/allowances/${encodeURIComponent(adminApi)}`, { scopes: ['accounts:write'] }],
  ]
  for (const [method, path, body] of refused) {
    const answer = await app.call(method, path, { token, ...(body === undefined ? {} : { body }) })
    expect(answer, `${method} ${path}`).toMatchObject({
      status: 403,
      body: {
        code: 'insufficient_scope',
        detail: 'This client has rights in the admin API that the access token lacks: accounts:write.',
      },
    })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="accounts:write"')
    expect(await app.refusal()).toMatchObject({ reason: 'insufficient_scope', detail: { method } })
  }
  expect((await app.call('PATCH', strong.path, { body: { client_name: 'strong' } })).status).toBe(200)
})
