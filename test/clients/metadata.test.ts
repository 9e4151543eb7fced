/** The metadata of clients: what each profile completes and refuses, and the document that it is shown as. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Client, ClientInput, Profile } from '#clients/client.ts'
import { clientToMetadata, metadataToInput, originsOf } from '#clients/document.ts'
import { ClientMetadataError } from '#clients/errors.ts'
import { isPublic, PROFILES, usualGrantTypes } from '#clients/profiles.ts'
import { validateClient } from '#clients/validation.ts'

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const KEYS = { keys: [publicKey.export({ format: 'jwk' })] }
const RSA_KEYS = { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })] }
const REDIRECTS = { redirect_uris: ['https://app.example.com/cb'] }
const API = { identifier: 'https://api.example.com', scopes: [{ name: 'posts:read' }, { name: 'posts:write' }] }

const DEPS = {
  findResource: async (identifier: string) => (identifier.replace(/\/$/, '') === API.identifier ? API : undefined),
  allowHttpJwksUri: (host: string) => host === 'localhost',
}

/** The least that each profile needs. */
const LEAST: Record<Profile, Record<string, unknown>> = {
  web: { ...REDIRECTS, jwks: KEYS },
  spa: REDIRECTS,
  native: { redirect_uris: ['http://127.0.0.1/cb', 'com.example.app:/cb'] },
  machine: { jwks: KEYS },
  device: {},
  fapi2: { ...REDIRECTS, jwks: KEYS },
}

async function accept(profile: Profile, metadata: Record<string, unknown> = {}, more: Partial<ClientInput> = {}) {
  return validateClient(DEPS, { profile, metadata: { ...LEAST[profile], ...metadata }, ...more }, undefined)
}

async function refuse(profile: unknown, metadata: Record<string, unknown> = {}, more: Partial<ClientInput> = {}) {
  const least = LEAST[profile as Profile] ?? {}
  const input = { profile, metadata: { ...least, ...metadata }, ...more }
  const error: unknown = await validateClient(DEPS, input, undefined).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ClientMetadataError)
  expect(error).toMatchObject({ code: 'invalid_client_metadata', status: 400 })
  return (error as ClientMetadataError).faults.map(({ field, given, expected }) => [field, given, expected])
}

function stored(fields: Awaited<ReturnType<typeof accept>>): Client {
  const at = new Date('2026-01-02T03:04:05.678Z')
  const rest = { id: 'cli-1', status: 'enabled', secretDigests: [], version: 1, createdAt: at, updatedAt: at } as const
  return { ...fields, ...rest }
}

async function change(before: Client, input: Partial<ClientInput>) {
  return validateClient(DEPS, input, before)
}

describe('profiles', () => {
  test('web: a confidential client with code and refresh', async () => {
    expect(await accept('web')).toEqual({
      profile: 'web',
      metadata: {
        ...LEAST.web,
        application_type: 'web',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        post_logout_redirect_uris: [],
        token_endpoint_auth_method: 'private_key_jwt',
        id_token_signed_response_alg: 'RS256',
      },
      openidScopes: ['openid', 'profile', 'email', 'offline_access'],
      allowances: [],
      defaultResource: undefined,
    })
  })

  test('spa and native: public clients', async () => {
    for (const profile of ['spa', 'native'] as const) {
      const { metadata } = await accept(profile)
      expect(metadata).toMatchObject({
        token_endpoint_auth_method: 'none',
        application_type: profile === 'spa' ? 'web' : 'native',
      })
      expect(isPublic({ metadata })).toBe(true)
    }
  })

  test('machine: client credentials and nothing else', async () => {
    const { metadata, openidScopes } = await accept('machine')
    expect(metadata).toEqual({
      jwks: KEYS,
      application_type: 'web',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      post_logout_redirect_uris: [],
      token_endpoint_auth_method: 'private_key_jwt',
    })
    expect(openidScopes).toEqual([])
  })

  test('device: the device grant without a redirect', async () => {
    expect((await accept('device')).metadata).toMatchObject({
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'none',
    })
  })

  test('fapi2: pushed requests, bound tokens and no RS256', async () => {
    expect((await accept('fapi2')).metadata).toMatchObject({
      require_pushed_authorization_requests: true,
      dpop_bound_access_tokens: true,
      token_endpoint_auth_method: 'private_key_jwt',
      id_token_signed_response_alg: 'ES256',
    })
    expect(await refuse('fapi2', { token_endpoint_auth_signing_alg: 'RS256' })).toEqual([
      ['token_endpoint_auth_signing_alg', 'RS256', 'for fapi2 PS256, ES256, EdDSA'],
      ['jwks', 'keys for ES256', 'for fapi2 a signing key for RS256'],
    ])
    expect(await refuse('fapi2', { dpop_bound_access_tokens: false, id_token_signed_response_alg: 'RS256' })).toEqual([
      ['dpop_bound_access_tokens', false, 'true, as for every fapi2 client'],
      ['id_token_signed_response_alg', 'RS256', 'for fapi2 ES256'],
    ])
  })

  test.each(['mobile', '', null, 7, 'constructor', ['web']])('knows no profile %j', async (profile) => {
    expect(await refuse(profile)).toEqual([
      ['signet_profile', profile, 'one of web, spa, native, machine, device, fapi2'],
    ])
  })

  test('tells the grants a profile has usually', () => {
    expect(usualGrantTypes('machine')).toEqual(['client_credentials'])
    expect(Object.keys(PROFILES)).toEqual(['web', 'spa', 'native', 'machine', 'device', 'fapi2'])
  })
})

describe('members', () => {
  test('a full set of standard ones is kept', async () => {
    const given = {
      client_name: 'Shop',
      'client_name#ko': '상점',
      client_uri: 'https://shop.example.com',
      logo_uri: 'https://shop.example.com/logo.png',
      tos_uri: 'https://shop.example.com/tos',
      policy_uri: 'http://localhost:5000/policy',
      contacts: ['ops@example.com'],
      software_id: 'shop',
      software_version: '1.2',
      default_max_age: 3600,
      require_auth_time: true,
      initiate_login_uri: 'https://shop.example.com/login',
      post_logout_redirect_uris: ['https://shop.example.com/bye'],
      id_token_signed_response_alg: 'ES256',
      token_endpoint_auth_signing_alg: 'ES256',
      signet_pkce: 'optional',
      signet_assertion_audience: 'token_endpoint',
      signet_introspect: true,
      subject_type: 'public',
      response_modes: ['query', 'form_post'],
    }
    expect((await accept('web', given)).metadata).toMatchObject(given)
  })

  test('every faulty one is told at once', async () => {
    const faults = await refuse('web', {
      client_name: 'Evil\u202Etxt',
      redirect_uris: ['https://app.example.com/cb#x', 'javascript:alert(1)'],
      contacts: 'ops@example.com',
      tos_uri: 'javascript:alert(1)',
      default_max_age: -1,
      grant_types: ['implicit'],
      require_auth_time: 'yes',
      scope: 'openid posts:read',
    })
    expect(faults.map(([field, given]) => [field, given])).toEqual([
      ['client_name', 'Evil\u202Etxt'],
      ['contacts', 'ops@example.com'],
      ['tos_uri', 'javascript:alert(1)'],
      ['default_max_age', -1],
      ['require_auth_time', 'yes'],
      ['grant_types', ['implicit']],
      ['redirect_uris[0]', 'https://app.example.com/cb#x'],
      ['redirect_uris[1]', 'javascript:alert(1)'],
      ['scope', 'posts:read'],
    ])
    expect(faults[8]?.[2]).toBe(
      'some of openid profile email address phone offline_access; scopes of an API come with signet_allow',
    )
  })

  test.each([
    ['redirect_uri', 'no such member; did you mean redirect_uris?'],
    ['token_endpoint_auth', 'no such member; did you mean token_endpoint_auth_method?'],
    ['signet_pcke', 'no such member; did you mean signet_pkce?'],
    ['favourite_colour', 'no such member; leave it out'],
    ['constructor', 'no such member; leave it out'],
    ['userinfo_encrypted_response_alg', 'nothing here: this server does not offer it'],
    ['software_statement', 'nothing here: this server does not offer it'],
    ['client_id', 'nothing here: the server makes it'],
    ['contacts#ko', 'no such member; did you mean contacts?'],
  ])('%s is refused', async (name, expected) => {
    expect(await refuse('web', { [name]: 'x' })).toEqual([[name, 'x', expected]])
  })

  test('a member called __proto__ is refused and changes nothing', async () => {
    const metadata = JSON.parse('{"__proto__": {"token_endpoint_auth_method": "none"}}') as Record<string, unknown>
    const input = { profile: 'machine', metadata: Object.assign(metadata, LEAST.machine) }
    await expect(validateClient(DEPS, input, undefined)).rejects.toMatchObject({ faults: [{ field: '__proto__' }] })
  })

  test('a secret that was sent is refused and not told back', async () => {
    expect(await refuse('web', { client_secret: 'hunter2-hunter2' })).toEqual([
      ['client_secret', '(not shown)', 'nothing here: the server makes it'],
    ])
  })

  test('a long value is told back shortened', async () => {
    const [[, given] = []] = await refuse('web', { client_name: 'x'.repeat(100_000) })
    expect(String(given)).toHaveLength(201)
  })
})

describe('authentication and keys', () => {
  test('private_key_jwt needs keys or where they are, and not both', async () => {
    const expected = 'the public keys that the client signs with (jwks), or where they are (jwks_uri)'
    expect(await refuse('machine', { jwks: null })).toEqual([['jwks', null, expected]])
    const uri = 'https://app.example.com/jwks'
    expect(await refuse('machine', { jwks_uri: uri })).toEqual([['jwks_uri', uri, 'either jwks or jwks_uri, not both']])
    expect((await accept('machine', { jwks: null, jwks_uri: uri })).metadata).toMatchObject({ jwks_uri: uri })
  })

  test.each([
    ['http://app.example.com/jwks', false],
    ['http://localhost:4000/jwks', true],
    ['https://app.example.com/jwks#1', false],
    ['https://user@app.example.com/jwks', false],
    ['file:///keys', false],
    [7, false],
  ])('jwks_uri %j is taken: %j', async (uri, taken) => {
    if (taken) {
      expect((await accept('machine', { jwks: null, jwks_uri: uri })).metadata.jwks_uri).toBe(uri)
    } else {
      const expected = 'an https URL of a JWK Set, without fragment'
      expect(await refuse('machine', { jwks: null, jwks_uri: uri })).toEqual([['jwks_uri', uri, expected]])
    }
  })

  test('a key must be able to sign with what is taken', async () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })
    expect(await refuse('machine', { jwks: { keys: [p384] } })).toEqual([
      ['jwks', 'no key for an accepted algorithm', 'for machine a signing key for RS256 or PS256 or ES256 or EdDSA'],
    ])
    expect(await refuse('machine', { jwks: RSA_KEYS, token_endpoint_auth_signing_alg: 'ES256' })).toEqual([
      ['jwks', 'keys for RS256, PS256', 'for machine a signing key for ES256'],
    ])
    expect((await accept('fapi2', { jwks: RSA_KEYS })).metadata.jwks).toEqual(RSA_KEYS)
  })

  test('a private key is refused by name', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwks = { keys: [privateKey.export({ format: 'jwk' })] }
    expect(await refuse('web', { jwks })).toEqual([
      ['jwks.keys[0].d', '(not shown)', 'the public key only; make a new key, this one was sent'],
    ])
  })

  test.each([
    ['web', 'none', 'for web private_key_jwt, client_secret_basic, client_secret_post'],
    ['web', 'client_secret_jwt', 'for web private_key_jwt, client_secret_basic, client_secret_post'],
    ['spa', 'client_secret_basic', 'for spa none'],
    ['native', 'private_key_jwt', 'for native none'],
    ['machine', 'none', 'for machine private_key_jwt, client_secret_basic, client_secret_post'],
    ['fapi2', 'client_secret_basic', 'for fapi2 private_key_jwt'],
  ] as const)('%s may not authenticate by %s', async (profile, method, expected) => {
    expect(await refuse(profile, { token_endpoint_auth_method: method })).toContainEqual([
      'token_endpoint_auth_method',
      method,
      expected,
    ])
  })

  test.each(['HS256', 'none', 'ES384', ''])('no assertion is signed with %j', async (alg) => {
    const faults = await refuse('machine', { token_endpoint_auth_signing_alg: alg })
    expect(faults[0]).toEqual(['token_endpoint_auth_signing_alg', alg, 'for machine RS256, PS256, ES256, EdDSA'])
  })

  test('a client with a secret signs no assertions', async () => {
    const secret = { token_endpoint_auth_method: 'client_secret_basic', jwks: null }
    expect(await refuse('web', { ...secret, token_endpoint_auth_signing_alg: 'ES256' })).toEqual([
      ['token_endpoint_auth_signing_alg', 'ES256', 'nothing here: only clients with private_key_jwt sign assertions'],
    ])
    expect(await refuse('web', { ...secret, signet_assertion_audience: 'token_endpoint' })).toEqual([
      [
        'signet_assertion_audience',
        'token_endpoint',
        'nothing here: only clients with private_key_jwt send assertions',
      ],
    ])
  })
})

describe('grants and redirects', () => {
  const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'

  test('a grant may be added where the profile allows it', async () => {
    const { metadata } = await accept('web', { grant_types: ['authorization_code', 'client_credentials', DEVICE] })
    expect(metadata.grant_types).toEqual(['authorization_code', 'client_credentials', DEVICE])
  })

  test.each([
    ['machine', ['client_credentials', 'authorization_code'], 'for machine client_credentials'],
    ['machine', [], 'for machine client_credentials'],
    ['spa', ['authorization_code', 'client_credentials'], 'for spa authorization_code and, as wanted, refresh_token'],
    [
      'web',
      ['refresh_token'],
      `for web authorization_code and, as wanted, refresh_token, client_credentials, ${DEVICE}`,
    ],
    [
      'web',
      'authorization_code',
      `for web authorization_code and, as wanted, refresh_token, client_credentials, ${DEVICE}`,
    ],
  ] as const)('%s may not have the grants %j', async (profile, types, expected) => {
    expect(await refuse(profile, { grant_types: types })).toEqual([['grant_types', types, expected]])
  })

  test.each([['token'], ['code id_token'], ['code', 'token']])('no response type but code: %j', async (...types) => {
    expect(await refuse('web', { response_types: types })).toEqual([['response_types', types, '["code"]']])
  })

  test('a client with the code grant needs a redirect URI, others may have none', async () => {
    expect(await refuse('web', { redirect_uris: [] })).toEqual([
      ['redirect_uris', [], 'at least one URI to come back to'],
    ])
    const uris = ['https://app.example.com/cb']
    expect(await refuse('machine', { redirect_uris: uris, post_logout_redirect_uris: uris })).toEqual([
      ['redirect_uris', uris, '[], because the client has no authorization_code grant'],
      ['post_logout_redirect_uris', uris, '[], because the client has no authorization_code grant'],
    ])
  })

  test('the rule of redirect URIs is that of the places to go after sign-out', async () => {
    const faults = await refuse('web', { post_logout_redirect_uris: ['data:text/html,x', 'com.example.app:/bye'] })
    expect(faults.map(([field]) => field)).toEqual(['post_logout_redirect_uris[0]', 'post_logout_redirect_uris[1]'])
    const native = await accept('native', { post_logout_redirect_uris: ['com.example.app:/bye'] })
    expect(native.metadata.post_logout_redirect_uris).toEqual(['com.example.app:/bye'])
  })

  test('without refresh tokens there is no offline access', async () => {
    const grants = { grant_types: ['authorization_code'] }
    expect((await accept('web', grants)).openidScopes).toEqual(['openid', 'profile', 'email'])
    expect(await refuse('web', { ...grants, scope: 'openid offline_access' })).toEqual([
      ['scope', 'offline_access', 'the grant refresh_token with it'],
    ])
  })

  test('a machine has no OpenID scopes and no ID tokens', async () => {
    expect(await refuse('machine', { scope: 'openid', id_token_signed_response_alg: 'RS256' })).toEqual([
      ['id_token_signed_response_alg', 'RS256', 'nothing here: a machine client gets no ID tokens'],
      ['scope', 'openid', 'nothing for a machine client; scopes of an API come with signet_allow'],
    ])
  })
})

describe('own members', () => {
  test.each([
    ['spa', 'signet_pkce', 'optional', 'required; only confidential web clients may do without PKCE'],
    ['native', 'signet_pkce', 'optional', 'required; only confidential web clients may do without PKCE'],
    ['fapi2', 'signet_pkce', 'optional', 'required; only confidential web clients may do without PKCE'],
    ['web', 'signet_pkce', false, 'required or optional'],
    ['spa', 'signet_introspect', true, 'false; only a client that authenticates may introspect'],
    ['web', 'signet_introspect', 'true', 'true or false'],
    ['web', 'signet_assertion_audience', 'token-endpoint', 'issuer or token_endpoint'],
    ['web', 'signet_origins', ['https://app.example.com'], 'nothing here: a web client does not run in a browser'],
    ['spa', 'signet_origins', ['https://app.example.com/'], 'an array of origins such as https://app.example.com'],
    ['spa', 'signet_origins', ['*'], 'an array of origins such as https://app.example.com'],
    ['spa', 'signet_origins', ['http://app.example.com'], 'an array of origins such as https://app.example.com'],
    ['spa', 'signet_origins', ['null'], 'an array of origins such as https://app.example.com'],
  ] as const)('%s may not have %s %j', async (profile, member, value, expected) => {
    expect(await refuse(profile, { [member]: value })).toEqual([[member, value, expected]])
  })

  test('the default, said, is not kept', async () => {
    const { metadata } = await accept('web', {
      signet_pkce: 'required',
      signet_assertion_audience: 'issuer',
      signet_introspect: false,
    })
    expect(Object.keys(metadata).filter((name) => name.startsWith('signet_'))).toEqual([])
  })

  test('a browser app has the origins of its redirect URIs unless it names others', async () => {
    const redirect_uris = ['https://app.example.com/cb', 'https://app.example.com/silent', 'http://localhost:3000/cb']
    expect(originsOf(await accept('spa', { redirect_uris }))).toEqual([
      'https://app.example.com',
      'http://localhost:3000',
    ])
    const named = { signet_origins: ['https://other.example.com'] }
    expect(originsOf(await accept('spa', named))).toEqual(named.signet_origins)
    expect(originsOf(await accept('web'))).toEqual([])
    expect(originsOf(await accept('native'))).toEqual([])
  })
})

describe('allowances', () => {
  test('are kept under the registered identifier, once for each resource', async () => {
    const { allowances, defaultResource } = await accept(
      'machine',
      {},
      {
        allowances: [
          { resource: 'https://api.example.com/', scopes: ['posts:read'] },
          { resource: 'https://api.example.com', scopes: ['posts:write', 'posts:read'] },
        ],
        defaultResource: 'https://api.example.com/',
      },
    )
    expect(allowances).toEqual([{ resource: API.identifier, scopes: ['posts:read', 'posts:write'] }])
    expect(defaultResource).toBe(API.identifier)
  })

  test('name what is wrong with them', async () => {
    const faults = await refuse(
      'machine',
      {},
      {
        allowances: [
          { resource: 'https://nobody.example.com', scopes: ['posts:read'] },
          { resource: API.identifier, scopes: ['posts:wrote', 'openid'] },
          { resource: '\u0000', scopes: [] },
          'posts:read' as never,
        ],
        defaultResource: 'https://nobody.example.com',
      },
    )
    const some = 'a scope of https://api.example.com: one of posts:read, posts:write'
    expect(faults).toEqual([
      ['signet_allow[0].resource', 'https://nobody.example.com', 'the identifier of a registered resource'],
      ['signet_allow[1].scopes', 'posts:wrote', `${some} (did you mean posts:write?)`],
      ['signet_allow[1].scopes', 'openid', some],
      ['signet_allow[2].resource', '\u0000', 'the identifier of a registered resource'],
      ['signet_allow[3]', 'posts:read', '{"resource": an identifier, "scopes": an array of names}'],
      ['signet_default_resource', 'https://nobody.example.com', 'one of the allowed resources https://api.example.com'],
    ])
  })
})

describe('changes', () => {
  test('replace the members given and keep the others', async () => {
    const before = stored(await accept('web', { client_name: 'Shop', scope: 'openid email', signet_introspect: true }))
    const after = await change(before, { metadata: { client_name: 'Store', contacts: ['ops@example.com'] } })
    expect(after).toEqual({
      ...before,
      id: undefined,
      status: undefined,
      secretDigests: undefined,
      version: undefined,
      createdAt: undefined,
      updatedAt: undefined,
      metadata: { ...before.metadata, client_name: 'Store', contacts: ['ops@example.com'] },
    })
  })

  test('take a member away by null, so that the default stands again', async () => {
    const before = stored(
      await accept('web', { client_name: 'Shop', id_token_signed_response_alg: 'ES256', scope: 'openid' }),
    )
    const after = await change(before, {
      metadata: { client_name: null, id_token_signed_response_alg: null, scope: null },
    })
    expect(after.metadata).not.toHaveProperty('client_name')
    expect(after.metadata.id_token_signed_response_alg).toBe('RS256')
    expect(after.openidScopes).toEqual(['openid', 'profile', 'email', 'offline_access'])
  })

  test('work out what follows from the members given', async () => {
    const before = stored(
      await accept('web', { token_endpoint_auth_signing_alg: 'ES256', signet_assertion_audience: 'token_endpoint' }),
    )
    const secret = await change(before, { metadata: { token_endpoint_auth_method: 'client_secret_post' } })
    expect(secret.metadata).not.toHaveProperty('token_endpoint_auth_signing_alg')
    expect(secret.metadata).not.toHaveProperty('signet_assertion_audience')
    const elsewhere = await change(before, { metadata: { jwks_uri: 'https://app.example.com/jwks' } })
    expect(elsewhere.metadata).not.toHaveProperty('jwks')
  })

  test('may change the profile, whose defaults then stand', async () => {
    const before = stored(await accept('web', { client_name: 'Shop' }))
    const after = await change(before, { profile: 'spa' })
    expect(after.metadata).toMatchObject({
      client_name: 'Shop',
      redirect_uris: REDIRECTS.redirect_uris,
      token_endpoint_auth_method: 'none',
    })
  })

  test('refuse to leave a default resource that is no longer allowed', async () => {
    const more = { allowances: [{ resource: API.identifier, scopes: ['posts:read'] }], defaultResource: API.identifier }
    const before = stored(await accept('machine', {}, more))
    await expect(change(before, { allowances: [] })).rejects.toMatchObject({
      faults: [{ field: 'signet_default_resource', expected: 'an allowed resource' }],
    })
    expect(await change(before, { allowances: [], defaultResource: null })).toMatchObject({ allowances: [] })
  })

  test('refuse another client id', async () => {
    const before = stored(await accept('web'))
    await expect(change(before, { id: 'other' })).rejects.toMatchObject({
      faults: [{ field: 'client_id', given: 'other', expected: 'cli-1' }],
    })
  })
})

describe('the document', () => {
  test('is RFC 7591 metadata with our members beside it', async () => {
    const client = stored(
      await accept(
        'machine',
        { client_name: 'billing' },
        {
          allowances: [{ resource: API.identifier, scopes: ['posts:read'] }],
          defaultResource: API.identifier,
        },
      ),
    )
    expect(clientToMetadata(client)).toEqual({
      client_id: 'cli-1',
      client_id_issued_at: 1_767_323_045,
      ...client.metadata,
      signet_profile: 'machine',
      signet_status: 'enabled',
      signet_allow: [{ resource: API.identifier, scopes: ['posts:read'] }],
      signet_default_resource: API.identifier,
    })
    expect(clientToMetadata(stored(await accept('web'))).scope).toBe('openid profile email offline_access')
  })

  test.each(['web', 'spa', 'native', 'machine', 'device', 'fapi2'] as const)(
    'of a %s client, sent back as it was read, changes nothing',
    async (profile) => {
      const allowances = [{ resource: API.identifier, scopes: ['posts:write'] }]
      const before = stored(
        await accept(
          profile,
          { client_name: 'Shop', 'client_name#ko': '상점' },
          { allowances, defaultResource: API.identifier },
        ),
      )
      const sent = JSON.parse(JSON.stringify(clientToMetadata(before))) as Record<string, unknown>
      const {
        metadata,
        openidScopes,
        allowances: kept,
        defaultResource,
      } = await change(before, metadataToInput(sent, before))
      expect({ metadata, openidScopes, allowances: kept, defaultResource }).toEqual({
        metadata: before.metadata,
        openidScopes: before.openidScopes,
        allowances,
        defaultResource: API.identifier,
      })
    },
  )

  test('may not change what never changes', async () => {
    const before = stored(await accept('web'))
    const sent = { ...clientToMetadata(before), client_id: 'cli-2', signet_status: 'disabled' }
    expect(() => metadataToInput(sent, before)).toThrow(ClientMetadataError)
    try {
      metadataToInput(sent, before)
    } catch (error) {
      expect((error as ClientMetadataError).faults).toEqual([
        { field: 'client_id', given: 'cli-2', expected: 'cli-1; it is not changed this way' },
        { field: 'signet_status', given: 'disabled', expected: 'enabled; it is not changed this way' },
      ])
    }
  })
})
