/** What a client sends becomes the input of our own registration. */
import { describe, expect, test } from 'vitest'
import { ClientMetadataError } from '#clients/errors.ts'
import { registrationInput, toldMembers } from '#clients/registration/inference.ts'
import { OPEN_POLICY, type RegistrationPolicy } from '#clients/registration/policy.ts'
import { validateClient } from '#clients/validation.ts'
import { accept, DEPS, stored } from '../least.ts'

const { offers } = DEPS
const ANY: RegistrationPolicy = {
  ...OPEN_POLICY,
  profiles: ['web', 'spa', 'native', 'machine', 'device', 'fapi2'],
  withoutGrants: [],
}
const input = (sent: Record<string, unknown>, policy = OPEN_POLICY) => registrationInput(sent, { policy, offers })
const WEB = { redirect_uris: ['https://app.example.com/cb'] }
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

test.each([
  [{}, 'openid profile email offline_access'],
  [{ scope: 'mcp:tools' }, 'openid profile email offline_access'],
  [{ scope: 'openid mcp:tools' }, 'openid offline_access'],
  [{ scope: 'openid', grant_types: ['authorization_code'] }, 'openid'],
  [{ grant_types: ['authorization_code'] }, 'openid profile email'],
  [{ scope: 7 }, 'openid profile email offline_access'],
])('the OpenID scopes of %j are %s', (sent, scope) => {
  expect(input({ ...WEB, ...sent }).metadata['scope']).toBe(scope)
})

test('the policy limits the OpenID scopes', () => {
  const policy = { ...OPEN_POLICY, scopes: ['openid', 'email'] }
  expect(input(WEB, policy).metadata['scope']).toBe('openid email')
  expect(input({ ...WEB, scope: 'openid phone' }, policy).metadata['scope']).toBe('openid')
})

test('what an editor sends that knows every grant becomes a native app', () => {
  const { profile, metadata } = input({
    client_name: 'Visual Studio Code',
    client_uri: 'https://code.visualstudio.com',
    grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
    response_types: ['code'],
    redirect_uris: ['https://vscode.dev/redirect', 'http://127.0.0.1/', 'http://127.0.0.1:33418/'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  })
  expect(profile).toBe('native')
  expect(metadata).toMatchObject({ grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT] })
})

test.each([
  [['com.example.app:/cb'], 'native'],
  [['https://app.example.com/cb', 'com.example.app:/cb'], 'native'],
  [['http://127.0.0.1/cb'], 'web'],
  [[7, 'not a URI'], 'web'],
])('without a method, an app with %j is %s', (uris, profile) => {
  expect(input({ redirect_uris: uris }).profile).toBe(profile)
})

test('a device that has no browser is a device', () => {
  const { profile, metadata } = input({ grant_types: [DEVICE_GRANT, 'refresh_token'] })
  expect([profile, metadata['token_endpoint_auth_method']]).toEqual(['device', 'client_secret_basic'])
  // as oidc-agent sends it
  const uris = {
    redirect_uris: ['http://localhost:4242', 'edu.kit.data.oidc-agent:/redirect'],
    response_types: ['code'],
  }
  const withUris = input({ ...uris, grant_types: ['refresh_token', DEVICE_GRANT] })
  expect(withUris).toMatchObject({ profile: 'device', metadata: { redirect_uris: null, response_types: null } })
})

test('where the policy has fapi2 and not web, a confidential app is one', () => {
  const policy: RegistrationPolicy = { ...ANY, profiles: ['fapi2'] }
  const { profile, metadata } = input(WEB, policy)
  expect([profile, metadata['token_endpoint_auth_method']]).toEqual(['fapi2', 'private_key_jwt'])
})

describe('a machine', () => {
  const sent = { grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_basic' }

  test('needs a policy that has it', () => {
    expect(() => input(sent)).toThrow(ClientMetadataError)
    expect(input(sent, ANY)).toMatchObject({ profile: 'machine', metadata: { scope: null } })
  })

  test('is not hidden in an app with a browser', () => {
    const grants = ['authorization_code', 'client_credentials']
    expect(input({ ...WEB, grant_types: grants }).metadata['grant_types']).toEqual(['authorization_code'])
    expect(input({ ...WEB, grant_types: grants }, ANY).metadata['grant_types']).toEqual(grants)
  })
})

test('members that are unknown, not offered or null are ignored; names in other languages are kept', () => {
  const { metadata } = input({
    ...WEB,
    'client_name#ko': '가게',
    'redirect_uris#ko': [],
    client_name: null,
    request_uris: ['https://app.example.com/request'],
    registration_access_token: 'rat-x',
    client_id: 'chosen',
    client_secret: 'chosen',
    ['__proto__']: { polluted: true },
  })
  expect(Object.keys(metadata).toSorted()).toEqual([
    'client_name#ko',
    'redirect_uris',
    'scope',
    'token_endpoint_auth_method',
  ])
})

test('a client is not told what an administrator has set', () => {
  const members = { client_name: 'Shop', signet_introspect: true, signet_id_token_claims: 'minimal' }
  expect(toldMembers(members)).toEqual({ client_name: 'Shop', signet_id_token_claims: 'minimal' })
})

/** The faults of a registration that is refused before its values are checked. */
function faultsOf(sent: Record<string, unknown>, rules: Partial<Parameters<typeof registrationInput>[1]> = {}) {
  try {
    registrationInput(sent, { policy: OPEN_POLICY, offers, ...rules })
  } catch (error) {
    return (error as ClientMetadataError).faults
  }
  return expect.unreachable('nothing was refused')
}

test('what only an administrator sets is refused, unless it is sent back as it is, and is never part of a change', async () => {
  const fault = {
    field: 'signet_introspect',
    given: true,
    expected: 'nothing here: only an administrator sets it',
  }
  const sent = { ...WEB, signet_introspect: true }
  expect(faultsOf(sent)).toEqual([fault])
  const fields = await accept('web', { ...WEB, signet_introspect: true })
  const before = { ...stored(fields), origin: 'registration' } as const
  const { metadata } = registrationInput(sent, { policy: OPEN_POLICY, offers, before })
  expect(metadata).not.toHaveProperty('signet_introspect')
  expect(metadata).toMatchObject({ jwks: null, redirect_uris: WEB.redirect_uris })
  expect(faultsOf({ ...WEB, signet_introspect: false }, { before })).toEqual([{ ...fault, given: false }])
})

test('the refusal of a kind says which may register', () => {
  const policy: RegistrationPolicy = { ...ANY, profiles: ['spa', 'device'] }
  const offered = { ...offers, grants: offers.grants.filter(({ grantType }) => grantType !== DEVICE_GRANT) }
  expect(faultsOf(WEB, { policy, offers: offered })).toEqual([
    {
      field: 'grant_types',
      given: 'metadata of the kind web',
      expected: 'metadata of one of the kinds spa (browser app)',
    },
  ])
})

test('only a confidential app with a browser becomes a FAPI client', () => {
  const policy: RegistrationPolicy = { ...ANY, profiles: ['fapi2'] }
  expect(faultsOf({ ...WEB, token_endpoint_auth_method: 'none' }, { policy })).toHaveLength(1)
})

test('of response types code is kept', () => {
  expect(input({ ...WEB, response_types: ['code', 'token'] }).metadata['response_types']).toEqual(['code'])
  expect(input({ ...WEB, response_types: ['token'] }).metadata['response_types']).toEqual(['token'])
})

test.each([
  [['client_secret_post', 'none'], 'web', 'client_secret_post'],
  [['none'], 'spa', 'none'],
])('of the methods %j that an app can, the best for its kind is chosen', async (methods, profile, method) => {
  const chosen = input({ ...WEB, token_endpoint_auth_methods_supported: methods })
  expect(chosen.profile).toBe(profile)
  const { metadata } = await validateClient(DEPS, { ...chosen, origin: 'registration' }, undefined)
  expect(metadata['token_endpoint_auth_method']).toBe(method)
})
