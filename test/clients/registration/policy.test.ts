/** The policy of an initial access token: which input makes one, and where redirect URIs may lead. */
import { expect, test } from 'vitest'
import { ClientMetadataError } from '#clients/errors.ts'
import { checkPolicy, OPEN_POLICY, type PolicyInput, requireHosts } from '#clients/registration/policy.ts'
import type { Fault } from '#shared/app-error.ts'
import { API, DEPS } from '../least.ts'

async function check(input: PolicyInput) {
  const faults: Fault[] = []
  const policy = await checkPolicy(input, DEPS.findResource, faults)
  return { policy, faults: faults.map(({ field, given }) => [field, given]) }
}

/** The fields that the policy refuses for a client with these URIs. */
function refused(hosts: readonly string[] | null, metadata: Record<string, unknown>): string[] {
  try {
    requireHosts({ metadata }, { ...OPEN_POLICY, redirect_hosts: hosts })
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ClientMetadataError)
    const { faults } = error as ClientMetadataError
    expect(faults).not.toEqual([])
    return faults.map(({ field }) => field)
  }
}

test('members that are left out set no limit, except that no API is allowed', async () => {
  const { policy, faults } = await check({})
  expect(faults).toEqual([])
  expect(policy).toEqual({
    profiles: ['web', 'spa', 'native', 'machine', 'device', 'fapi2'],
    scopes: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    allow: [],
    redirect_hosts: null,
    withoutGrants: [],
    fixed: {},
  })
})

test('PKCE and the issuer as audience are required unless the policy says otherwise', async () => {
  const { policy } = await check({ pkce: 'required', assertion_audience: 'issuer' })
  expect(Object.keys(policy)).toEqual(Object.keys((await check({})).policy))
  const lenient = { pkce: 'optional', assertion_audience: 'token_endpoint' } as const
  expect((await check(lenient)).policy).toMatchObject(lenient)
})

test('empty lists allow nothing', async () => {
  const { policy } = await check({ profiles: [], scopes: [], redirect_hosts: [] })
  expect(policy).toMatchObject({ profiles: [], scopes: [], redirect_hosts: [] })
  expect(refused([], { redirect_uris: ['https://app.example.com/cb'] })).toEqual(['redirect_uris[0]'])
})

test('what is allowed is taken over with the identifier as registered', async () => {
  const allow = [{ resource: `${API.identifier}/`, scopes: ['posts:read'] }]
  const { policy, faults } = await check({ profiles: ['web'], scopes: ['openid'], allow })
  expect(faults).toEqual([])
  expect(policy).toMatchObject({ profiles: ['web'], allow: [{ resource: API.identifier, scopes: ['posts:read'] }] })
})

test.each([
  [{ profiles: ['web', 'robot'] }, [['profiles[1]', 'robot']]],
  [{ scopes: ['posts:read'] }, [['scopes[0]', 'posts:read']]],
  [{ allow: [{ resource: API.identifier, scopes: ['posts:burn'] }] }, [['allow[0].scopes', 'posts:burn']]],
  [{ allow: 'all' }, [['allow', 'all']]],
  [{ redirect_hosts: [7] }, [['redirect_hosts[0]', 7]]],
  [{ redirect_hosts: Array(101).fill('a.example') }, [['redirect_hosts', 101]]],
])('%j has faults', async (input, faults) => {
  expect((await check(input)).faults).toEqual(faults)
})

test('what is no profile is none of the policy, and a hundred hosts are not too many', async () => {
  const { policy, faults } = await check({ profiles: ['web', 'robot'], redirect_hosts: Array(100).fill('a.example') })
  expect(policy.profiles).toEqual(['web'])
  expect(faults).toEqual([['profiles[1]', 'robot']])
})

test.each(['app.example.com', '*.example.com', 'localhost', '127.0.0.1', '[::1]', 'com.example.app:', 'cursor:'])(
  '%s is a place of redirect URIs',
  async (host) => {
    expect((await check({ redirect_hosts: [host] })).faults).toEqual([])
  },
)

test.each([
  'https://app.example.com',
  'App.example.com',
  'app.example.com/cb',
  'app.example.com:8443',
  '*',
  '*.',
  'a*b',
  '',
])('%j is none', async (host) => {
  expect((await check({ redirect_hosts: [host] })).faults).toEqual([['redirect_hosts[0]', host]])
})

test.each([
  [['app.example.com'], 'https://app.example.com/cb', true],
  [['app.example.com'], 'https://app.example.com:8443/cb', true],
  [['app.example.com'], 'https://APP.example.com/cb', true],
  [['app.example.com'], 'https://example.com/cb', false],
  [['app.example.com'], 'https://x.app.example.com/cb', false],
  [['*.example.com'], 'https://app.example.com/cb', true],
  [['*.example.com'], 'https://a.b.example.com/cb', true],
  [['*.example.com'], 'https://example.com/cb', false],
  [['*.example.com'], 'https://evilexample.com/cb', false],
  [['localhost'], 'http://localhost:5000/cb', true],
  [['localhost'], 'http://127.0.0.1:5000/cb', false],
  [['[::1]'], 'http://[::1]:5000/cb', true],
  [['com.example.app:'], 'com.example.app:/cb', true],
  [['com.example.app:'], 'com.example.apps:/cb', false],
  [['app.example.com'], 'com.example.app://app.example.com/cb', false],
  [['https:'], 'https://anywhere.example/cb', true],
  [['app.example.com'], 'no URI', false],
])('with %j %s is allowed: %s', (hosts, uri, isAllowed) => {
  expect(refused(hosts, { redirect_uris: [uri] })).toEqual(isAllowed ? [] : ['redirect_uris[0]'])
})

test('without a list any place is allowed, and each URI of both members counts', () => {
  const uris = { redirect_uris: ['https://a.example/'], post_logout_redirect_uris: ['https://b.example/'] }
  expect(refused(null, uris)).toEqual([])
  expect(refused(['a.example'], uris)).toEqual(['post_logout_redirect_uris[0]'])
  expect(refused(['b.example'], uris)).toEqual(['redirect_uris[0]'])
  expect(refused(['c.example'], uris)).toHaveLength(2)
  expect(refused(['c.example'], {})).toEqual([])
})
