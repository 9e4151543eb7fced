/** `/upstreams`. */
import { expect, test } from 'vitest'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
const SECRET = 'a-secret-that-the-provider-gave-us'

const create = (also: Record<string, unknown> = {}) =>
  app.call('POST', '/upstreams', {
    body: {
      id: `up-${Math.random().toString(36).slice(2, 8)}`,
      issuer: 'https://id.example',
      client_id: 'us',
      ...also,
    },
  })

test('adds a provider with what is usual, and a key of its own to register there', async () => {
  const created = await create({ id: 'acme' })
  expect(created).toMatchObject({
    status: 201,
    body: {
      id: 'acme',
      name: 'acme',
      preset: null,
      preset_values: {},
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: {
        keys: [{ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: expect.stringMatching(/./) as string }],
      },
      redirect_uri: `${app.issuer}/upstream/callback/acme`,
      scopes: ['openid', 'email', 'profile'],
      claims: { email: 'email', email_verified: 'email_verified', name: 'name' },
      domains: [],
      trust_email: false,
      response_mode: 'query',
      own_redirect_uri: true,
      just_in_time: false,
      logout: false,
      enabled: true,
    },
  })
  expect(JSON.stringify(created.body)).not.toContain('"d":')
  expect((await app.events('upstream.created'))[0]).toMatchObject({
    outcome: 'success',
    actor: { kind: 'client', id: app.caller.id },
    subject: { kind: 'upstream', id: 'acme' },
    requestId: created.headers.get('x-request-id'),
  })
})

test('never gives a client secret out', async () => {
  const created = await create({
    id: 'by-secret',
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: SECRET,
  })
  expect(created).toMatchObject({ status: 201, body: { jwks: null } })
  const answers = [created, await app.call('GET', '/upstreams/by-secret'), await app.call('GET', '/upstreams')]
  expect(JSON.stringify(answers.map(({ body }) => body))).not.toContain(SECRET)
  expect(JSON.stringify(await app.events('upstream.created'))).not.toContain(SECRET)
  expect(await app.upstreams.credential('by-secret')).toBe(SECRET)
})

test('names every fault at once', async () => {
  const refused = await create({
    id: 'No Name',
    issuer: 'http://id.example/?x',
    client_id: '',
    token_endpoint_auth_method: 'client_secret_post',
    scopes: ['email'],
    claims: { shoe_size: 'shoes' },
    domains: ['@example.com'],
  })
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  const { errors } = refused.body as { errors: { field: string }[] }
  const fields = ['id', 'issuer', 'client_id', 'scopes', 'claims', 'domains', 'client_secret']
  expect(errors.map(({ field }) => field).toSorted()).toEqual(fields.toSorted())
})

test.each(['common/v2.0', 'organizations/v2.0', 'COMMON', 'consumers/v2.0'])(
  'trusts no addresses of the tenants of Entra ID that are open to all: %s',
  async (tenant) => {
    const entra = { issuer: `https://login.microsoftonline.com/${tenant}`, trust_email: true }
    const refused = await create(entra)
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    const { errors } = refused.body as { errors: { field: string; expected: string }[] }
    expect(errors).toMatchObject([{ field: 'trust_email', expected: expect.stringContaining('one tenant') as string }])
    expect((await create({ ...entra, issuer: 'https://login.microsoftonline.com/0c0f7b3a/v2.0' })).status).toBe(201)
    const plain = await create({ issuer: entra.issuer, id: `entra-${tenant.length}-${tenant.length % 3}` })
    expect(plain.status).toBe(201)
    const { id } = plain.body as { id: string }
    expect((await app.call('PATCH', `/upstreams/${id}`, { body: { trust_email: true } })).status).toBe(400)
  },
)

test.for([
  ['an issuer by plain http', { issuer: 'http://id.example' }, 'issuer'],
  ['the server itself', { issuer: app.issuer }, 'issuer'],
  ['a secret where a key is used', { client_secret: SECRET }, 'client_secret'],
  ['a member that nobody knows', { domain: 'example.com' }, 'domain'],
] as const)('refuses %s', async ([, also, field]) => {
  const refused = await create(also)
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ field }] } })
  expect(await app.refusal()).toMatchObject({ reason: 'invalid_request' })
})

test('an id and a domain belong to one provider', async () => {
  expect(await create({ id: 'first', domains: ['Example.com'] })).toMatchObject({
    status: 201,
    body: { domains: ['example.com'] },
  })
  expect(await create({ id: 'first' })).toMatchObject({ status: 409, body: { code: 'upstream_exists' } })
  const taken = await create({ id: 'second', domains: ['example.com'] })
  expect(taken).toMatchObject({
    status: 409,
    body: { code: 'upstream_exists', detail: 'Another upstream provider has the domain example.com.' },
  })
  expect(await app.call('GET', '/upstreams/second')).toMatchObject({
    status: 404,
    body: { code: 'upstream_not_found' },
  })
})

test('changes what is given, takes back what it showed, and refuses an older version', async () => {
  const { headers, body } = await create({ id: 'changing' })
  const etag = { 'if-match': headers.get('etag') as string }
  const changed = await app.call('PATCH', '/upstreams/changing', {
    body: { ...(body as object), name: 'Acme', just_in_time: true },
    headers: etag,
  })
  expect(changed).toMatchObject({ status: 200, body: { name: 'Acme', just_in_time: true } })
  expect((changed.body as { jwks: unknown }).jwks).toEqual((body as { jwks: unknown }).jwks)
  expect(await app.call('PATCH', '/upstreams/changing', { body: { name: 'Other' }, headers: etag })).toMatchObject({
    status: 412,
    body: { code: 'version_mismatch' },
  })
  expect((await app.events('upstream.updated'))[0]).toMatchObject({ subject: { kind: 'upstream', id: 'changing' } })
})

test('the issuer never changes: the subjects of the links are its own (ASVS 6.8.1)', async () => {
  await create({ id: 'fixed' })
  const refused = await app.call('PATCH', '/upstreams/fixed', { body: { issuer: 'https://evil.example' } })
  expect(refused).toMatchObject({
    status: 400,
    body: {
      errors: [
        {
          field: 'issuer',
          given: 'https://evil.example',
          expected: 'https://id.example: it never changes; add another upstream provider',
        },
      ],
    },
  })
})

test('a key takes the place of a secret, and a secret that of a key', async () => {
  await create({ id: 'both' })
  const secret = { token_endpoint_auth_method: 'client_secret_post', client_secret: SECRET }
  expect(await app.call('PATCH', '/upstreams/both', { body: secret })).toMatchObject({
    status: 200,
    body: { jwks: null },
  })
  expect(await app.upstreams.credential('both')).toBe(SECRET)
  const key = { token_endpoint_auth_method: 'private_key_jwt' }
  expect(await app.call('PATCH', '/upstreams/both', { body: key })).toMatchObject({
    status: 200,
    body: { jwks: { keys: [{ kty: 'EC' }] } },
  })
  expect(await app.upstreams.credential('both')).toContain('"d":')
})

test('deletes a provider', async () => {
  await create({ id: 'gone' })
  expect((await app.call('DELETE', '/upstreams/gone')).status).toBe(204)
  expect(await app.call('DELETE', '/upstreams/gone')).toMatchObject({
    status: 404,
    body: { code: 'upstream_not_found' },
  })
  expect((await app.events('upstream.deleted'))[0]).toMatchObject({ subject: { kind: 'upstream', id: 'gone' } })
})
