/** The metadata of clients: what each profile completes, and which members are refused. */
import { describe, expect, test } from 'vitest'
import { originsOf } from '#clients/document.ts'
import { isPublic } from '#clients/auth-methods.ts'
import { defaultGrantTypes, type Profile, PROFILES } from '#clients/profiles.ts'
import { validateClient } from '#clients/validation.ts'
import { accept, DEPS, LEAST, KEYS, OFFERS, refuse } from './least.ts'

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'

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
        signet_id_token_claims: 'all',
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
      expect(isPublic(metadata)).toBe(true)
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
      ['id_token_signed_response_alg', 'RS256', 'for fapi2 ES256, PS256'],
      [
        'dpop_bound_access_tokens',
        false,
        'true, or tls_client_certificate_bound_access_tokens: true, as for every fapi2 client',
      ],
    ])
    const byPs256 = await accept('fapi2', { id_token_signed_response_alg: 'PS256' })
    expect(byPs256.metadata.id_token_signed_response_alg).toBe('PS256')
  })

  test.each(['mobile', '', null, 7, 'constructor', ['web']])('knows no profile %j', async (profile) => {
    expect(await refuse(profile)).toEqual([
      ['signet_profile', profile, 'one of web, spa, native, machine, device, fapi2'],
    ])
  })

  test('what needs something that the server does not offer is refused', async () => {
    const grants = OFFERS.grants.filter(({ grantType }) => grantType !== DEVICE)
    const without = { ...DEPS, offers: { ...OFFERS, dpop: false, grants } }
    const refused = (profile: Profile, metadata: Record<string, unknown> = {}) =>
      expect(validateClient(without, { profile, metadata: { ...LEAST[profile], ...metadata } }, undefined)).rejects
    const some = 'one of web, spa, native, machine: this server does not offer what'
    await refused('device').toMatchObject({ faults: [{ field: 'signet_profile', expected: `${some} device needs` }] })
    await refused('fapi2').toMatchObject({ faults: [{ field: 'signet_profile', expected: `${some} fapi2 needs` }] })
    await refused('web', { dpop_bound_access_tokens: true }).toMatchObject({
      faults: [{ field: 'dpop_bound_access_tokens', expected: 'nothing here: this server does not offer it' }],
    })
    await refused('web', { grant_types: ['authorization_code', DEVICE] }).toMatchObject({
      faults: [
        {
          expected:
            'for web authorization_code and, as wanted, refresh_token, client_credentials, urn:openid:params:grant-type:ciba',
        },
      ],
    })
  })

  test('a profile has default grants', () => {
    expect(defaultGrantTypes('machine')).toEqual(['client_credentials'])
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

  test('ID tokens carry all claims or the least of them, by profile and by who made the client', async () => {
    for (const profile of ['web', 'spa', 'native', 'device', 'fapi2'] as const) {
      const [ours, theirs] = [profile === 'fapi2' ? 'minimal' : 'all', 'minimal']
      const madeBy = { administrator: ours, registration: theirs, document: theirs }
      for (const [origin, expected] of Object.entries(madeBy)) {
        const input = { profile, metadata: LEAST[profile], origin: origin as keyof typeof madeBy }
        const { metadata } = await validateClient(DEPS, input, undefined)
        expect([profile, origin, metadata['signet_id_token_claims']]).toEqual([profile, origin, expected])
      }
      const chosen = await accept(profile, { signet_id_token_claims: 'minimal' })
      expect(chosen.metadata['signet_id_token_claims']).toBe('minimal')
    }
    expect(await refuse('web', { signet_id_token_claims: 'some' })).toEqual([
      ['signet_id_token_claims', 'some', 'all or minimal'],
    ])
    expect(await refuse('machine', { signet_id_token_claims: 'all' })).toEqual([
      ['signet_id_token_claims', 'all', 'nothing here: a machine client gets no ID tokens'],
    ])
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
    ['request_uris', 'nothing here: this server does not offer it'],
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
    // whose default depends on who made the client, so it is stored
    expect(Object.keys(metadata).filter((name) => name.startsWith('signet_'))).toEqual(['signet_id_token_claims'])
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
