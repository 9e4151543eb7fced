/** `/clients/{client_id}/keys`: the keys of a client through the admin API. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { seedCliClient } from '#admin/cli-client.ts'
import { keysHost } from '../support/keys-host.ts'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()

function aKey(kid: string) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...(publicKey.export({ format: 'jwk' }) as { kty: string }), kid, alg: 'ES256', use: 'sig' }
}

async function aMachine(also: Record<string, unknown>): Promise<string> {
  const { body } = await app.call('POST', '/clients', { body: { signet_profile: 'machine', ...also } })
  return body.client_id
}

test('a key is added beside the others, listed with what is known of it, and revoked', async () => {
  const [first, second] = [aKey('one'), aKey('two/2')]
  const id = await aMachine({ jwks: { keys: [first] } })
  const added = await app.call('POST', `/clients/${id}/keys`, { body: second })
  expect(added).toMatchObject({
    status: 201,
    body: {
      thumbprint: expect.stringMatching(/^[\w-]{43}$/),
      kid: 'two/2',
      kind: 'EC P-256',
      alg: 'ES256',
      status: 'active',
      first_seen_at: expect.any(String),
      last_used_at: null,
      revoked_at: null,
      jwk: second,
    },
  })
  expect(added.headers.get('location')).toBe(`${app.issuer}/admin/v1/clients/${id}/keys/${added.body.thumbprint}`)
  const list = await app.call('GET', `/clients/${id}/keys`)
  expect(list.body).toMatchObject({ next_cursor: null, document: null })
  expect(list.body.items.map(({ kid }: { kid: string }) => kid)).toEqual(['one', 'two/2'])
  expect((await app.call('DELETE', `/clients/${id}/keys/two%2F2`)).status).toBe(204)
  const { body } = await app.call('GET', `/clients/${id}/keys?limit=1`)
  const next = await app.call('GET', `/clients/${id}/keys?limit=1&cursor=${body.next_cursor}`)
  expect([body.items[0].status, next.body.items[0]]).toEqual([
    'active',
    { ...added.body, status: 'revoked', revoked_at: expect.any(String), jwk: null },
  ])
  expect((await app.events('client.key_added'))[0]).toMatchObject({
    actor: { kind: 'client', id: app.caller.id },
    clientId: id,
    detail: { thumbprint: added.body.thumbprint, kid: 'two/2' },
  })
  expect((await app.events('client.key_revoked'))[0]).toMatchObject({
    actor: { kind: 'client', id: app.caller.id },
    clientId: id,
    detail: { keys: [{ thumbprint: added.body.thumbprint, kid: 'two/2' }] },
  })
})

test('the keys behind an address are fetched by order, and where nothing comes the answer says why', async () => {
  const host = await keysHost([aKey('one')])
  const id = await aMachine({ jwks_uri: host.url })
  const fetched = await app.call('POST', `/clients/${id}/keys/refetch`)
  expect(fetched).toMatchObject({
    status: 200,
    body: {
      items: [{ kid: 'one', status: 'active' }],
      next_cursor: null,
      document: { jwks_uri: host.url, fetched_at: expect.any(String), attempted_at: expect.any(String), error: null },
    },
  })
  expect(fetched.body.document.ignored).toBe(0)
  host.answer.status = 404
  const { body } = await app.call('POST', `/clients/${id}/keys/refetch`)
  expect(body.document).toMatchObject({
    fetched_at: fetched.body.document.fetched_at,
    error: 'it answered with status 404',
  })
  expect(body.items).toEqual(fetched.body.items)
  expect((await app.events('client.keys_refetched')).map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['failure', 'it answered with status 404'],
    ['success', undefined],
  ])
})

test('keys after the 50th of an address are not used, and it is told how many', async () => {
  const host = await keysHost(Array.from({ length: 52 }, (_, n) => aKey(`k${n + 1}`)))
  const id = await aMachine({ jwks_uri: host.url })
  const { body } = await app.call('POST', `/clients/${id}/keys/refetch`)
  expect(body.document.ignored).toBe(2)
  expect(body.items).toHaveLength(50)
  expect(body.items.map(({ kid }: { kid: string }) => kid)).not.toContain('k51')
  expect((await app.events('client.keys_changed'))[0]?.detail).toMatchObject({ ignored: 2 })
  host.answer.keys = host.answer.keys.slice(0, 50)
  expect((await app.call('POST', `/clients/${id}/keys/refetch`)).body.document.ignored).toBe(0)
})

test.each([
  {
    what: 'no public key',
    method: 'POST',
    path: '',
    body: { kty: 'EC' },
    status: 400,
    code: 'invalid_client_metadata',
  },
  { what: 'no object', method: 'POST', path: '', body: [], status: 400, code: 'invalid_request' },
  { what: 'a fetch without address', method: 'POST', path: '/refetch', status: 409, code: 'client_keys_not_published' },
  { what: 'an unknown key', method: 'DELETE', path: '/nobody', status: 404, code: 'client_key_not_found' },
])('$what is refused with its code, and an event', async ({ method, path, body, status, code }) => {
  const id = await aMachine({ jwks: { keys: [aKey('one')] } })
  const answer = await app.call(method, `/clients/${id}/keys${path}`, body === undefined ? {} : { body })
  expect(answer).toMatchObject({ status, body: { code } })
  expect(await app.refusal()).toMatchObject({ type: 'admin.refused', reason: code, detail: { status, method } })
})

test('a key that is there or was revoked is refused with 409', async () => {
  const key = aKey('one')
  const id = await aMachine({ jwks: { keys: [key, aKey('two')] } })
  const add = () => app.call('POST', `/clients/${id}/keys`, { body: key })
  expect(await add()).toMatchObject({ status: 409, body: { code: 'client_key_exists' } })
  await app.call('DELETE', `/clients/${id}/keys/one`)
  expect(await add()).toMatchObject({ status: 409, body: { code: 'client_key_revoked' } })
})

test.each([
  ['GET', '', 'clients:read'],
  ['POST', '', 'clients:write'],
  ['POST', '/refetch', 'clients:write'],
  ['DELETE', '/one', 'clients:write'],
] as const)('%s %s wants the scope %s', async (method, path, scope) => {
  const id = await aMachine({ jwks: { keys: [aKey('one')] } })
  const others = ['clients:read', 'clients:write', 'keys:write'].filter((name) => name !== scope)
  const token = await app.token({ scope: others.join(' ') })
  const answer = await app.call(method, `/clients/${id}/keys${path}`, {
    token,
    ...(method === 'POST' && path === '' ? { body: aKey('two') } : {}),
  })
  expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } })
  expect(await app.refusal()).toMatchObject({ reason: 'insufficient_scope', detail: { scope } })
})

test('no key of a client with further rights than the caller has is changed', async () => {
  const id = await aMachine({
    jwks: { keys: [aKey('one')] },
    signet_allow: [{ resource: `${app.issuer}/admin/v1`, scopes: ['accounts:write'] }],
  })
  const token = await app.token({ scope: 'clients:write' })
  for (const [method, path, body] of [
    ['POST', '', aKey('two')],
    ['POST', '/refetch', undefined],
    ['DELETE', '/one', undefined],
  ] as const) {
    const answer = await app.call(method, `/clients/${id}/keys${path}`, { token, ...(body ? { body } : {}) })
    expect(answer.status, `${method} ${path}`).toBe(403)
  }
})

test('the command line is told when its key was revoked, also the last one', async () => {
  const key = aKey('cli')
  const ensure = () => seedCliClient(app.clients, key, `${app.issuer}/admin/v1`)
  expect([await ensure(), await ensure()]).toEqual(['created', 'known'])
  expect((await app.call('DELETE', '/clients/signet-cli/keys/cli')).status).toBe(204)
  expect(await ensure()).toBe('other-key')
})

test.each([
  ['GET', ''],
  ['POST', '/refetch'],
  ['DELETE', '/one'],
] as const)('%s of a client that is not there is 404', async (method, path) => {
  const answer = await app.call(method, `/clients/cli-none/keys${path}`)
  expect(answer).toMatchObject({ status: 404, body: { code: 'client_not_found' } })
})
