/** `/upstreams` with a preset: what it fills in, what it needs, and what it refuses. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { PRESET_NAMES } from '#federation/presets/registry.ts'
import { applePrivateKey } from '../support/forged-hosts.ts'
import { type Answer, startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
const SECRET = 'a-secret-that-the-provider-gave-us'
const TENANT = '0c0f7b3a-5d3e-4a52-9d2c-1f0c5f6c2b11'
const APPLE = { team_id: 'A1B2C3D4E5', key_id: 'F6G7H8I9J0' }
const { pem } = applePrivateKey()
let ids = 0

/** What each preset needs. */
const NEEDS: Readonly<Record<string, Record<string, unknown>>> = {
  google: { client_secret: SECRET },
  microsoft: { client_secret: SECRET, preset_values: { tenant: TENANT } },
  apple: { private_key: pem, preset_values: APPLE },
  github: { client_secret: SECRET },
  gitlab: { client_secret: SECRET },
  okta: { client_secret: SECRET, preset_values: { base_url: 'https://acme.okta.com' } },
  keycloak: { client_secret: SECRET, preset_values: { base_url: 'https://sso.example.com', realm: 'staff' } },
}

function create(preset: unknown, also: Record<string, unknown> = {}): Promise<Answer> {
  ids += 1
  return app.call('POST', '/upstreams', { body: { id: `p-${ids}`, preset, client_id: 'us', ...also } })
}

/** Checks that the answer names these fields alone, and that the refusal is in the audit log. */
async function isRefused(answer: Answer, faults: Readonly<Record<string, string>>): Promise<void> {
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  const { errors } = answer.body as { errors: { field: string; expected: string }[] }
  expect(errors.map(({ field }) => field).toSorted()).toEqual(Object.keys(faults).toSorted())
  for (const { field, expected } of errors) expect(expected, field).toContain(faults[field])
  expect(await app.refusal()).toMatchObject({
    reason: 'invalid_request',
    requestId: answer.headers.get('x-request-id'),
  })
}

test.each<[string, Record<string, unknown>]>([
  ['google', { name: 'Google', issuer: 'https://accounts.google.com', preset_values: {} }],
  [
    'microsoft',
    {
      name: 'Microsoft',
      issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
      claims: { email: 'email', email_verified: 'xms_edov', name: 'name' },
    },
  ],
  [
    'apple',
    {
      name: 'Apple',
      issuer: 'https://appleid.apple.com',
      token_endpoint_auth_method: 'signed_client_secret',
      response_mode: 'form_post',
      scopes: ['openid', 'name', 'email'],
      preset_values: APPLE,
    },
  ],
  [
    'github',
    {
      name: 'GitHub',
      issuer: 'https://github.com/login/oauth',
      scopes: ['read:user', 'user:email'],
      preset_values: { base_url: 'https://github.com' },
    },
  ],
  ['gitlab', { name: 'GitLab', issuer: 'https://gitlab.com', preset_values: { base_url: 'https://gitlab.com' } }],
  ['okta', { name: 'Okta', issuer: 'https://acme.okta.com' }],
  ['keycloak', { name: 'Keycloak', issuer: 'https://sso.example.com/realms/staff' }],
])('%s needs no more than it asks for', async (preset, members) => {
  const created = await create(preset, NEEDS[preset])
  expect(created).toMatchObject({
    status: 201,
    body: {
      preset,
      token_endpoint_auth_method: 'client_secret_post',
      response_mode: 'query',
      jwks: null,
      trust_email: false,
      own_redirect_uri: true,
      ...members,
    },
  })
  expect((await app.events('upstream.created'))[0]).toMatchObject({ detail: { preset } })
  // the document can be sent back as it was read
  const { id } = created.body as { id: string }
  expect(await app.call('PATCH', `/upstreams/${id}`, { body: created.body })).toMatchObject({ status: 200 })
})

test('every preset is among those above', () => {
  expect(Object.keys(NEEDS).toSorted()).toEqual([...PRESET_NAMES].toSorted())
})

test('no preset trusts addresses by itself; an administrator may, except for the open tenants of Entra ID', async () => {
  const trusted = await create('microsoft', { ...NEEDS['microsoft'], trust_email: true })
  expect(trusted).toMatchObject({ status: 201, body: { trust_email: true } })
  for (const tenant of ['common', 'organizations', 'consumers']) {
    const open = { client_secret: SECRET, preset_values: { tenant } }
    await isRefused(await create('microsoft', { ...open, trust_email: true }), { trust_email: 'one tenant' })
    const created = await create('microsoft', open)
    expect(created).toMatchObject({ status: 201, body: { trust_email: false } })
    const { id } = created.body as { id: string }
    const changed = await app.call('PATCH', `/upstreams/${id}`, { body: { trust_email: true } })
    await isRefused(changed, { trust_email: 'one tenant' })
  }
})

describe('refuses', () => {
  test('a preset that does not exist', async () => {
    const answer = await create('facebook', { client_secret: SECRET })
    await isRefused(answer, { preset: 'one of google, microsoft, apple, github, gitlab, okta, keycloak' })
    expect(answer.body.errors[0]).toMatchObject({ given: 'facebook' })
  })

  test.each<[string, string, Record<string, unknown>, Record<string, string>]>([
    ['google without a secret', 'google', {}, { client_secret: 'the secret that the provider gave us' }],
    [
      'microsoft without a tenant',
      'microsoft',
      { client_secret: SECRET },
      { 'preset_values.tenant': 'directory (tenant) ID' },
    ],
    [
      'apple without anything',
      'apple',
      {},
      {
        'preset_values.team_id': 'Team ID',
        'preset_values.key_id': 'Key ID',
        private_key: '.p8 file',
      },
    ],
    [
      'keycloak without a realm',
      'keycloak',
      { client_secret: SECRET, preset_values: { base_url: 'https://sso.example.com' } },
      {
        'preset_values.realm': 'name of the realm',
      },
    ],
    ['okta without its URL', 'okta', { client_secret: SECRET }, { 'preset_values.base_url': 'the URL of your Okta' }],
  ])('%s', async (_, preset, also, faults) => {
    const answer = await create(preset, also)
    await isRefused(answer, faults)
    for (const error of answer.body.errors) expect([null, '[redacted]']).toContain(error.given)
  })

  test.each<[string, string, unknown, string]>([
    ['microsoft', 'tenant', 'contoso.example', 'a GUID in lower case'],
    ['microsoft', 'tenant', TENANT.toUpperCase(), 'a GUID in lower case'],
    ['microsoft', 'tenant', `${TENANT}/../common`, 'a GUID in lower case'],
    ['apple', 'team_id', 'short', 'Team ID'],
    ['apple', 'key_id', 'lowercase1', 'Key ID'],
    ['github', 'base_url', 'http://github.example.com', 'GitHub Enterprise'],
    ['github', 'base_url', 'https://github.example.com/path', 'without a path'],
    ['gitlab', 'base_url', 'https://gitlab.example.com?x=1', 'the URL of your GitLab'],
    ['gitlab', 'base_url', 'https://user:secret@gitlab.example.com', 'the URL of your GitLab'],
    ['okta', 'base_url', 'https://acme.okta.com/app/home', '/oauth2/ID'],
    ['okta', 'base_url', 'acme.okta.com', 'the URL of your Okta'],
    ['keycloak', 'realm', 'staff/../master', 'name of the realm'],
    ['keycloak', 'realm', 7, 'name of the realm'],
    ['google', 'tenant', TENANT, 'Google needs no values'],
    ['keycloak', 'tenant', TENANT, 'there is base_url, realm'],
  ])('%s with %s = %s', async (preset, name, value, expected) => {
    const needs = NEEDS[preset] as { preset_values?: object }
    const answer = await create(preset, { ...needs, preset_values: { ...needs.preset_values, [name]: value } })
    await isRefused(answer, { [`preset_values.${name}`]: expected })
  })

  test.each<[string, string, Record<string, unknown>, Record<string, string>]>([
    ['another issuer', 'google', { issuer: 'https://evil.example' }, { issuer: 'https://accounts.google.com' }],
    [
      'another authentication for apple',
      'apple',
      { token_endpoint_auth_method: 'client_secret_post' },
      {
        token_endpoint_auth_method: 'signed_client_secret',
        client_secret: 'the secret',
        private_key: 'no private key',
      },
    ],
    ['another response mode for apple', 'apple', { response_mode: 'query' }, { response_mode: 'form_post' }],
    ['a secret for apple', 'apple', { client_secret: SECRET }, { client_secret: 'signed with private_key' }],
    ['a key for google', 'google', { private_key: pem }, { private_key: 'no private key' }],
    ['a form as response of github', 'github', { response_mode: 'form_post' }, { response_mode: 'query' }],
    ['scopes without openid', 'okta', { scopes: ['email'] }, { scopes: 'openid among them' }],
  ])('%s', async (_, preset, also, faults) => {
    await isRefused(await create(preset, { ...NEEDS[preset], ...also }), faults)
  })

  test.each<[string, string]>([
    ['no key', 'not a key'],
    ['a public key', applePrivateKey().publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
    ],
    [
      'another curve',
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
    ['far too long a text', `${pem}${' '.repeat(5000)}`],
  ])('%s as the key of apple, and shows nothing of it', async (_, key) => {
    const answer = await create('apple', { ...NEEDS['apple'], private_key: key })
    await isRefused(answer, { private_key: 'EC key on P-256' })
    expect(answer.body.errors[0].given).toBe('[redacted]')
  })

  test('the method and the values of a preset where there is none', async () => {
    const answer = await create(undefined, {
      issuer: 'https://id.example',
      token_endpoint_auth_method: 'signed_client_secret',
      private_key: pem,
      preset_values: { tenant: TENANT },
    })
    await isRefused(answer, {
      token_endpoint_auth_method: 'private_key_jwt or client_secret_basic or client_secret_post',
      'preset_values.tenant': 'go with a preset',
    })
  })

  test('neither a preset nor an issuer', async () => {
    await isRefused(await create(null, { client_secret: undefined }), { issuer: "the provider's issuer" })
  })
})

describe('a change', () => {
  test('replaces a secret of a preset, and keeps the rest', async () => {
    const { id } = (await create('gitlab', NEEDS['gitlab'])).body as { id: string }
    const changed = await app.call('PATCH', `/upstreams/${id}`, {
      body: { client_secret: 'another-secret', name: 'Ours' },
    })
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'Ours', preset: 'gitlab', issuer: 'https://gitlab.com' },
    })
    expect(await app.upstreams.credential(id)).toBe('another-secret')
  })

  test('replaces the key of apple and its id, and keeps the key sealed', async () => {
    const { id } = (await create('apple', NEEDS['apple'])).body as { id: string }
    const next = applePrivateKey()
    const body = { private_key: next.pem, preset_values: { key_id: 'ZZZZZZZZZZ' } }
    expect(await app.call('PATCH', `/upstreams/${id}`, { body })).toMatchObject({
      status: 200,
      body: { preset_values: { ...APPLE, key_id: 'ZZZZZZZZZZ' }, jwks: null },
    })
    expect(await app.upstreams.credential(id)).toBe(next.pem)
    const { rows } = await app.db.query<{ row: string }>('SELECT u::text AS row FROM upstreams u WHERE id = $1', [id])
    expect(rows[0]?.row).not.toContain('PRIVATE KEY')
    expect(rows[0]?.row).not.toContain(Buffer.from('PRIVATE KEY').toString('hex'))
    expect((await app.events('upstream.updated'))[0]).toMatchObject({
      detail: { changed: expect.arrayContaining(['private_key', 'preset_values']) as string[] },
    })
  })

  test('keeps the preset and what its issuer is made of', async () => {
    const { id } = (await create('keycloak', NEEDS['keycloak'])).body as { id: string }
    const change = (body: object) => app.call('PATCH', `/upstreams/${id}`, { body })
    await isRefused(await change({ preset: 'okta' }), { preset: 'keycloak: it never changes' })
    await isRefused(await change({ preset: null }), { preset: 'keycloak: it never changes' })
    await isRefused(await change({ preset_values: { base_url: 'https://sso.example.com', realm: 'other' } }), {
      'preset_values.realm': 'staff: it never changes',
    })
    const plain = await create(null, { issuer: 'https://id.example' })
    const path = `/upstreams/${String(plain.body.id)}`
    await isRefused(await app.call('PATCH', path, { body: { preset: 'google' } }), { preset: 'null: it never changes' })
  })
})
