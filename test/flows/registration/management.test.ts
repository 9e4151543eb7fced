/** Clients read, change and delete themselves (RFC 7592). */
import { expect, test } from 'vitest'
import { person } from '../../support/person.ts'
import { register, type RegistrationAnswer, registrationRequest } from '../../support/registration.ts'
import { ada, CALLBACK, registrationWorld } from '../../support/registration-world.ts'
import type { Server } from '../../support/server.ts'

const world = await registrationWorld('open', { count: 2 })
const { nodes, server, admin, appOf } = world

interface Own {
  readonly id: string
  readonly token: string
  readonly body: Readonly<Record<string, unknown>>
}

async function registered(metadata: Record<string, unknown> = {}): Promise<Own> {
  const body = await world.registered({ client_name: 'Own', redirect_uris: [CALLBACK], ...metadata })
  return { id: body['client_id'] as string, token: body['registration_access_token'] as string, body }
}

const get = (id: string, token?: string) => registrationRequest(server, 'GET', id, { token })
const put = (id: string, token: string, metadata: Record<string, unknown>, node = server) =>
  registrationRequest(node, 'PUT', id, { token, metadata })

/** What a client is told, without its credentials. */
function told({ body }: Pick<RegistrationAnswer, 'body'>): Record<string, unknown> {
  const { client_secret: _, client_secret_expires_at: __, registration_access_token: ___, ...rest } = body
  return rest
}

test('the holder of the token reads the registration; the secret is not shown again', async () => {
  const { id, token, body } = await registered()
  const answer = await get(id, token)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.body).toEqual({ ...told({ body }), registration_access_token: token })
})

test('V23: writing back what was read changes nothing but the token', async () => {
  const { id, token } = await registered({ scope: 'openid email', policy_uri: 'https://app.example.com/privacy' })
  // what an administrator has set is neither shown nor lost
  await admin.call('PATCH', `/clients/${id}`, { signet_introspect: true, signet_pkce: 'optional' })
  const before = await admin.call('GET', `/clients/${id}`)
  const read = await get(id, token)
  expect(read.body).not.toHaveProperty('signet_introspect')
  const { status, body } = await put(id, token, read.body)
  expect(status, JSON.stringify(body)).toBe(200)
  expect(await admin.call('GET', `/clients/${id}`)).toEqual(before)
  expect(told({ body })).toEqual(told(read))
  expect(body['registration_access_token']).not.toBe(token)
  expect((await get(id, token)).status).toBe(401)
  expect((await get(id, body['registration_access_token'] as string)).status).toBe(200)
})

test('a change replaces all that a client may choose: what is not sent is gone', async () => {
  const { id, token, body: first } = await registered({ policy_uri: 'https://app.example.com/privacy' })
  const { status, headers, body } = await put(id, token, {
    client_id: id,
    client_secret: first['client_secret'],
    client_name: 'Renamed',
    redirect_uris: ['https://app.example.com/other'],
  })
  expect(status, JSON.stringify(body)).toBe(200)
  expect(body).toMatchObject({ client_name: 'Renamed', redirect_uris: ['https://app.example.com/other'] })
  expect(body).not.toHaveProperty('policy_uri')
  expect(body).not.toHaveProperty('client_secret')
  expect(await admin.eventOf('client.updated', headers)).toMatchObject({ actor: { kind: 'client', id }, client_id: id })
})

test.each([
  ['another client_id', { client_id: 'reg-other' }, /^client_id must be reg-/],
  ['no client_id', {}, /^client_id must be reg-/],
  ['a wrong secret', { client_secret: 'guess' }, /^client_secret must be the present secret/],
])('%s in a change is refused', async (_, also, description) => {
  const { id, token } = await registered()
  const same = Object.keys(also).includes('client_secret') ? { client_id: id } : {}
  const { status, headers, body } = await put(id, token, { redirect_uris: [CALLBACK], ...same, ...also })
  expect([status, body['error']]).toEqual([400, 'invalid_request'])
  expect(body['error_description']).toMatch(description)
  expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({
    reason: expect.stringMatching(/^invalid_request/),
    detail: { endpoint: 'registration', claimed_client_id: id },
  })
  expect((await get(id, token)).status).toBe(200)
})

test('V24: a client gives itself nothing that only an administrator gives', async () => {
  const { id, token } = await registered()
  const before = await admin.call('GET', `/clients/${id}`)
  for (const own of [
    { signet_introspect: true },
    { signet_verified: true },
    { signet_redirect_schemes: ['cursor'] },
    { signet_pkce: 'optional' },
  ]) {
    const { status, body } = await put(id, token, { client_id: id, redirect_uris: [CALLBACK], ...own })
    expect([status, body['error']]).toEqual([400, 'invalid_client_metadata'])
  }
  // these are no members of RFC 7591, so they are ignored
  const ignored = {
    signet_profile: 'machine',
    signet_status: 'disabled',
    signet_allow: [],
    signet_client_origin: 'administrator',
  }
  const { status } = await put(id, token, { client_id: id, client_name: 'Own', redirect_uris: [CALLBACK], ...ignored })
  expect(status).toBe(200)
  expect(await admin.call('GET', `/clients/${id}`)).toEqual(before)
})

test('an app that goes from keys to a secret is told a secret once', async () => {
  const { id, token } = await registered({
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: 'https://app.example.com/jwks',
  })
  const { body } = await put(id, token, { client_id: id, redirect_uris: [CALLBACK] })
  expect(body).toMatchObject({ token_endpoint_auth_method: 'client_secret_basic', client_secret: expect.any(String) })
  const again = await put(id, body['registration_access_token'] as string, { client_id: id, redirect_uris: [CALLBACK] })
  expect(again.body).not.toHaveProperty('client_secret')
})

test('of fifty changes at once over two nodes with one token one is made, and its token is the only good one', async () => {
  const { id, token } = await registered()
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      put(id, token, { client_id: id, client_name: `Name ${at}`, redirect_uris: [CALLBACK] }, nodes[at % 2] as Server),
    ),
  )
  const won = answers.filter(({ status }) => status === 200)
  expect(won).toHaveLength(1)
  expect(answers.filter(({ status }) => status !== 200).map(({ status, body }) => [status, body['error']])).toEqual(
    Array.from({ length: 49 }, () => [401, 'invalid_token']),
  )
  const next = won[0]?.body['registration_access_token'] as string
  expect((await get(id, token)).status).toBe(401)
  expect(await get(id, next)).toMatchObject({ status: 200, body: { client_name: won[0]?.body['client_name'] } })
})

test('a deleted client is unknown everywhere, with what people allowed it', async () => {
  const { id, token } = await registered({
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: 'https://app.example.com/jwks',
  })
  const app = appOf(id)
  await app.code(
    person(() => server),
    ada,
  )
  const { status, headers } = await registrationRequest(server, 'DELETE', id, { token })
  expect(status).toBe(204)
  expect(await admin.eventOf('client.deleted', headers)).toMatchObject({ actor: { kind: 'client', id } })
  expect((await admin.ask('GET', `/clients/${id}`)).status).toBe(404)
  expect((await get(id, token)).status).toBe(401)
  const page = await person(() => server).visit(app.begin().url)
  expect(page.status).toBe(400)
})

test('nobody else gets at a client: without its token, with that of another, or with an initial one', async () => {
  const [one, other] = [await registered(), await registered()]
  const { token: initial } = await admin.call<{ token: string }>('POST', '/registration-tokens', { max_uses: null })
  for (const token of [undefined, other.token, initial, 'rat-unknown']) {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const metadata = method === 'PUT' ? { client_id: one.id, redirect_uris: ['https://evil.example/cb'] } : undefined
      const { status, headers, body } = await registrationRequest(server, method, one.id, { token, metadata })
      expect([status, body['error']]).toEqual([401, 'invalid_token'])
      expect(headers.get('www-authenticate')).toMatch(
        token === undefined ? /^Bearer$/ : /^Bearer error="invalid_token"/,
      )
      expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({ detail: { claimed_client_id: one.id } })
    }
  }
  expect(told(await get(one.id, one.token))).toEqual(told(one))
  // a client of an administrator has no such token
  const { id } = await admin.client('spa', { redirect_uris: [CALLBACK] })
  expect((await get(id, one.token)).status).toBe(401)
})

test('a registration token is no access token, and no initial access token', async () => {
  const { token } = await registered()
  const response = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(401)
  expect((await register(server, { redirect_uris: [CALLBACK] }, token)).status).toBe(401)
})

test('a client that an administrator disabled manages itself no more', async () => {
  const { id, token } = await registered()
  await admin.call('POST', `/clients/${id}/disable`)
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const metadata = method === 'PUT' ? { client_id: id, redirect_uris: [CALLBACK] } : undefined
    const { status, body } = await registrationRequest(server, method, id, { token, metadata })
    expect([status, body['error']]).toEqual([403, 'access_denied'])
  }
  expect(await admin.call('GET', `/clients/${id}`)).toMatchObject({ signet_status: 'disabled' })
})

test('what has registered manages itself also when nobody registers any more', async () => {
  const { id, token } = await registered()
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'off' } })
  expect((await register(server, { redirect_uris: [CALLBACK] })).status).toBe(403)
  expect((await get(id, token)).status).toBe(200)
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
})
