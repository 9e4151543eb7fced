/** Clients register with a token of an administrator, within its policy and as often as it says. */
import { describe, expect, test } from 'vitest'
import { assertionParams } from '../../support/assertion.ts'
import { asSuperuser } from '../../support/postgres.ts'
import { register, registrationRequest } from '../../support/registration.ts'
import { CALLBACK, registrationWorld } from '../../support/registration-world.ts'
import type { Server } from '../../support/server.ts'
import { exportJWK, generateKeyPair } from 'jose'

const API = 'https://api.example.com'
const WEB = { redirect_uris: [CALLBACK] }
const { nodes, server, admin } = await registrationWorld('token', { count: 2 })
await admin.resource(API, ['posts:read', 'posts:write'])

interface Issued {
  readonly id: string
  readonly token: string
}

const issue = (policy: Record<string, unknown> = {}) => admin.call<Issued>('POST', '/registration-tokens', policy)

async function listed(id: string): Promise<Record<string, unknown> | undefined> {
  const { items } = await admin.call<{ items: { id: string }[] }>('GET', '/registration-tokens')
  return items.find((item) => item.id === id)
}

test('without a token nobody registers, and the challenge names no error', async () => {
  const { status, headers, body } = await register(server, WEB)
  expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect(body).toEqual({
    error: 'invalid_token',
    error_description: 'Registration needs an initial access token of an administrator in the Authorization header.',
  })
  expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({
    reason: expect.stringMatching(/^invalid_token/),
  })
})

test('discovery names the endpoint', async () => {
  const response = await server.fetch('/.well-known/openid-configuration')
  expect(await response.json()).toMatchObject({ registration_endpoint: `${server.issuer}/register` })
})

test('a token is told once, and registers one client unless it says otherwise', async () => {
  const { id, token, ...rest } = await issue({ name: 'Portal' })
  expect(token).toMatch(/^iat-[\w-]{43}$/)
  expect(rest).toMatchObject({ name: 'Portal', max_uses: 1, uses: 0, redirect_hosts: null, allow: [] })
  expect(await admin.audit('initial_access_token.created')).toContainEqual(
    expect.objectContaining({
      subject: { kind: 'initial_access_token', id },
      detail: expect.objectContaining({ max_uses: 1 }),
    }),
  )
  // what is refused uses nothing up
  expect((await register(server, { redirect_uris: ['http://x.example'] }, token)).status).toBe(400)
  const { status, headers, body } = await register(server, { ...WEB, client_name: 'Shop' }, token)
  expect(status).toBe(201)
  expect(body).toMatchObject({ registration_access_token: expect.any(String), client_secret: expect.any(String) })
  expect(await admin.eventOf('client.created', headers)).toMatchObject({
    detail: { origin: 'registration', initial_access_token: id },
  })
  expect(await listed(id)).toEqual({ ...(await listed(id)), uses: 1 })
  expect(await listed(id)).not.toHaveProperty('token')
  const again = await register(server, WEB, token)
  expect(again).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
  expect(again.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token", error_description="/)
})

test('of fifty registrations at once over two nodes with a token for seven, seven are made', async () => {
  const { id, token } = await issue({ max_uses: 7 })
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) => register(nodes[at % 2] as Server, { ...WEB, client_name: 'Seven' }, token)),
  )
  const made = answers.filter(({ status }) => status === 201)
  expect(made).toHaveLength(7)
  expect(new Set(made.map(({ body }) => body['client_id'])).size).toBe(7)
  expect(answers.filter(({ status }) => status !== 201).map(({ status, body }) => [status, body['error']])).toEqual(
    Array.from({ length: 43 }, () => [401, 'invalid_token']),
  )
  expect(await listed(id)).toMatchObject({ uses: 7 })
  const { items } = await admin.call<{ items: { client_name: string }[] }>('GET', '/clients?limit=200')
  expect(items.filter(({ client_name: name }) => name === 'Seven')).toHaveLength(7)
})

test('one that is unknown, has expired or was revoked registers nobody', async () => {
  const [expired, revoked] = [await issue(), await issue()]
  const text = `UPDATE initial_access_tokens SET expires_at = now() - interval '1 second' WHERE id = $1`
  await asSuperuser((db) => db.query(text, [expired.id]), server.databaseUrl)
  await admin.call('DELETE', `/registration-tokens/${revoked.id}`)
  expect(await admin.audit('initial_access_token.revoked')).toContainEqual(
    expect.objectContaining({ subject: { kind: 'initial_access_token', id: revoked.id } }),
  )
  expect((await admin.ask('DELETE', `/registration-tokens/${revoked.id}`)).status).toBe(404)
  for (const token of [expired.token, revoked.token, 'iat-unknown']) {
    const { status, headers, body } = await register(server, WEB, token)
    expect([status, body['error']]).toEqual([401, 'invalid_token'])
    expect(body['error_description']).toBe(
      'The initial access token is unknown, has expired, was revoked, or was used as often as it may be.',
    )
    expect(await admin.eventOf('endpoint.refused', headers)).toBeDefined()
  }
})

test('what registers with a token may have what its policy says, and no more', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: 'k1' }] }
  const { token } = await issue({ profiles: ['machine'], allow: [{ resource: API, scopes: ['posts:read'] }] })
  const service = { grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt', jwks }
  const { status, body } = await register(server, service, token)
  expect(status, JSON.stringify(body)).toBe(201)
  expect(body).toMatchObject({ scope: 'posts:read', grant_types: ['client_credentials'] })
  const key = { ...(await exportJWK(privateKey)), alg: 'ES256', kid: 'k1' }
  const ask = async (scope: string) => {
    const own = await assertionParams({ issuer: server.issuer, clientId: body['client_id'] as string, key })
    const form = new URLSearchParams({ ...own, grant_type: 'client_credentials', resource: API, scope })
    const response = await server.fetch('/token', { method: 'POST', body: form })
    return (await response.json()) as Record<string, unknown>
  }
  expect(await ask('posts:read')).toMatchObject({ scope: 'posts:read' })
  expect(await ask('posts:write')).toMatchObject({ error: 'invalid_scope' })
})

describe('V25: each condition of a policy refuses what does not meet it', () => {
  interface Condition {
    readonly policy: Record<string, unknown>
    readonly metadata: Record<string, unknown>
    readonly error: string
    readonly description: RegExp
  }
  const uris = (...redirect: string[]) => ({ redirect_uris: redirect })
  const URI = 'invalid_redirect_uri'

  test.each<[string, Condition]>([
    [
      'profiles',
      {
        policy: { profiles: ['native'] },
        metadata: WEB,
        error: 'invalid_client_metadata',
        description: /^grant_types: .*kind web.*expected metadata of one of the kinds native/,
      },
    ],
    [
      'redirect hosts',
      {
        policy: { redirect_hosts: ['app.example.org'] },
        metadata: WEB,
        error: URI,
        description: /^redirect_uris\[0\]: .*allows: app\.example\.org/,
      },
    ],
    [
      'hosts below one',
      {
        policy: { redirect_hosts: ['*.example.com'] },
        metadata: uris('https://example.com/cb'),
        error: URI,
        description: /allows: \*\.example\.com/,
      },
    ],
    [
      'a host that only begins alike',
      {
        policy: { redirect_hosts: ['app.example.com'] },
        metadata: uris('https://app.example.com.evil.example/cb'),
        error: URI,
        description: /app\.example\.com/,
      },
    ],
    [
      'one of two URIs',
      {
        policy: { redirect_hosts: ['app.example.com'] },
        metadata: uris(CALLBACK, 'https://evil.example/cb'),
        error: URI,
        description: /^redirect_uris\[1\]/,
      },
    ],
    [
      'the place after sign-out',
      {
        policy: { redirect_hosts: ['app.example.com'] },
        metadata: { ...WEB, post_logout_redirect_uris: ['https://evil.example/'] },
        error: 'invalid_client_metadata',
        description: /^post_logout_redirect_uris\[0\]/,
      },
    ],
    [
      'a scheme',
      {
        policy: { redirect_hosts: ['com.example.app:'] },
        metadata: uris('com.example.other:/cb'),
        error: URI,
        description: /com\.example\.app:/,
      },
    ],
  ])('%s', async (_, { policy, metadata, error, description }) => {
    const { id, token } = await issue(policy)
    const { status, body } = await register(server, metadata, token)
    expect([status, body['error']]).toEqual([400, error])
    expect(body['error_description']).toMatch(description)
    expect(await listed(id)).toMatchObject({ uses: 0 })
  })

  test('what meets them is registered', async () => {
    const hosts = ['*.example.com', 'com.example.app:', 'localhost']
    const { token } = await issue({ redirect_hosts: hosts, profiles: ['native'], scopes: ['openid', 'email'] })
    const uris = [CALLBACK, 'com.example.app:/cb', 'http://localhost/cb']
    const { status, body } = await register(server, { redirect_uris: uris, scope: 'openid email phone' }, token)
    expect(status, JSON.stringify(body)).toBe(201)
    expect(body).toMatchObject({ redirect_uris: uris, scope: 'openid email' })
  })

  test('a change is held to them as well, also when the token was revoked since', async () => {
    const { id: policy, token } = await issue({ redirect_hosts: ['app.example.com'] })
    const { body } = await register(server, WEB, token)
    await admin.call('DELETE', `/registration-tokens/${policy}`)
    const id = body['client_id'] as string
    const metadata = { client_id: id, redirect_uris: ['https://evil.example/cb'] }
    const rat = body['registration_access_token'] as string
    const answer = await registrationRequest(server, 'PUT', id, { token: rat, metadata })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_redirect_uri' } })
    expect(await admin.call('GET', `/clients/${id}`)).toMatchObject({ redirect_uris: [CALLBACK] })
    // the token of a change that was refused stays good
    expect((await registrationRequest(server, 'GET', id, { token: rat })).status).toBe(200)
  })
})

test('a policy with faults is refused with all of them', async () => {
  const { status, body } = await admin.ask('POST', '/registration-tokens', {
    body: {
      profiles: ['webb'],
      scopes: ['posts:read'],
      allow: [{ resource: 'https://unknown.example', scopes: ['x'] }],
      redirect_hosts: ['https://app.example.com'],
    },
  })
  expect(status).toBe(400)
  const fields = (body as { errors: { field: string }[] }).errors.map(({ field }) => field)
  expect(fields).toEqual(['profiles[0]', 'scopes[0]', 'redirect_hosts[0]', 'allow[0].resource'])
})

test('V24: nobody issues a token for more rights in the admin API than they have', async () => {
  const resource = `${server.issuer}/admin/v1`
  const client = await admin.client('machine', { signet_allow: [{ resource, scopes: ['clients:write'] }] })
  const own = await assertionParams({ issuer: server.issuer, clientId: client.id, key: client.key })
  const form = new URLSearchParams({ ...own, grant_type: 'client_credentials', resource, scope: 'clients:write' })
  const granted = (await (await server.fetch('/token', { method: 'POST', body: form })).json()) as {
    access_token: string
  }
  const send = async (scopes: string[]) => {
    const response = await server.fetch('/admin/v1/registration-tokens', {
      method: 'POST',
      headers: { authorization: `Bearer ${granted.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ allow: [{ resource, scopes }] }),
    })
    return response.status
  }
  expect(await send(['keys:write'])).toBe(403)
  expect(await send(['clients:write'])).toBe(201)
})
