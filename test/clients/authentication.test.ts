/** How clients authenticate, which grants they have and where they may send people back. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { accept, refuse, RSA_KEYS } from './least.ts'

describe('authentication and keys', () => {
  test('private_key_jwt needs keys or where they are, and not both', async () => {
    const expected =
      'the public keys that the client signs with (jwks), or where they are (jwks_uri); signet clients create makes a key with --generate-key FILE'
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
    [
      'web',
      'none',
      'for web private_key_jwt, client_secret_basic, client_secret_post, tls_client_auth, self_signed_tls_client_auth',
    ],
    [
      'web',
      'client_secret_jwt',
      'for web private_key_jwt, client_secret_basic, client_secret_post, tls_client_auth, self_signed_tls_client_auth',
    ],
    ['spa', 'client_secret_basic', 'for spa none'],
    ['native', 'private_key_jwt', 'for native none'],
    [
      'machine',
      'none',
      'for machine private_key_jwt, client_secret_basic, client_secret_post, tls_client_auth, self_signed_tls_client_auth',
    ],
    ['fapi2', 'client_secret_basic', 'for fapi2 private_key_jwt, tls_client_auth, self_signed_tls_client_auth'],
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
  const CIBA = 'urn:openid:params:grant-type:ciba'

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
      `for web authorization_code and, as wanted, refresh_token, client_credentials, ${DEVICE}, ${CIBA}`,
    ],
    [
      'web',
      'authorization_code',
      `for web authorization_code and, as wanted, refresh_token, client_credentials, ${DEVICE}, ${CIBA}`,
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
