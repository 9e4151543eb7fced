/** How the keys of the issuer are found, kept and renewed, against an issuer over HTTP. */
import { afterEach, expect, test } from 'vitest'
import {
  accessTokens,
  AccessTokenRefused,
  type AccessTokens,
  type AccessTokensOptions,
} from '#resource-server/index.ts'
import {
  aSigningPair,
  anAccessToken,
  audience,
  publicKeys,
  startTestIssuer,
  type SigningPair,
  type TestIssuer,
} from './test-issuer.ts'
import { atMost } from '../support/time-limits.ts'

const METADATA = '/.well-known/oauth-authorization-server'
const start = Date.parse('2026-01-01T00:00:00Z')
let now = start
let running: TestIssuer[] = []

afterEach(async () => {
  await Promise.all(running.map((issuer) => issuer.close()))
  running = []
  now = start
})

async function anIssuer(keys: SigningPair[], path?: string): Promise<TestIssuer> {
  const issuer = await startTestIssuer(keys, path)
  running.push(issuer)
  return issuer
}

function aVerifier(issuer: string, options: Partial<AccessTokensOptions> = {}): AccessTokens {
  return accessTokens({ issuer, audience, timeoutMs: 10_000, now: () => new Date(now), ...options })
}

async function attempt(verifier: AccessTokens, issuer: string, pair: SigningPair): Promise<string> {
  try {
    return (await verifier.verify(`Bearer ${await anAccessToken(issuer, pair, {}, now)}`)).sub
  } catch (error) {
    if (!(error instanceof AccessTokenRefused)) throw error
    return `${error.status} ${error.error}: ${error.error_description}`
  }
}

/** A key set inside its own address: fetch would read it. */
function inline(pair: SigningPair): string {
  return `data:application/json,${encodeURIComponent(JSON.stringify(publicKeys([pair])))}`
}

const unknownKey = '401 invalid_token: The access token is signed by a key the issuer does not publish.'
const unavailable = '503 temporarily_unavailable: The keys of the token issuer cannot be read at the moment.'

test('finds the keys through the metadata of the issuer and fetches each once for many requests at a time', async () => {
  const pair = await aSigningPair('a')
  const { issuer, requests } = await anIssuer([pair])
  const verifier = aVerifier(issuer)
  const subjects = await Promise.all(Array.from({ length: 20 }, () => attempt(verifier, issuer, pair)))
  expect(subjects).toEqual(Array.from({ length: 20 }, () => 'person-1'))
  expect(requests).toEqual([METADATA, '/jwks'])
})

test('asks for the metadata of an issuer with a path between host and path', async () => {
  const pair = await aSigningPair('a')
  const { issuer, requests } = await anIssuer([pair], '/tenant')
  expect(await attempt(aVerifier(issuer), issuer, pair)).toBe('person-1')
  expect(requests).toEqual([`${METADATA}/tenant`, '/tenant/jwks'])
})

test('falls back to the OpenID Connect discovery document', async () => {
  const pair = await aSigningPair('a')
  const server = await anIssuer([pair])
  server.answers.set(METADATA, 404)
  const discovery = { issuer: server.issuer, jwks_uri: `${server.issuer}/jwks` }
  server.answers.set('/.well-known/openid-configuration', discovery)
  expect(await attempt(aVerifier(server.issuer), server.issuer, pair)).toBe('person-1')
})

test.each([
  ['is of another issuer', () => ({ issuer: 'https://other.example' })],
  ['names no key set', () => ({ jwks_uri: undefined })],
  ['names a key set that is no web address', (pair: SigningPair) => ({ jwks_uri: inline(pair) })],
])('does not use metadata that %s', async (_what, change) => {
  const pair = await aSigningPair('a')
  const server = await anIssuer([pair])
  const usable = { issuer: server.issuer, jwks_uri: `${server.issuer}/jwks` }
  server.answers.set(METADATA, { ...usable, ...change(pair) })
  expect(await attempt(aVerifier(server.issuer), server.issuer, pair)).toBe(unavailable)
  expect(server.requests).not.toContain('/jwks')
})

test('takes the address of the keys when it is given', async () => {
  const pair = await aSigningPair('a')
  const { issuer, requests } = await anIssuer([pair])
  expect(await attempt(aVerifier(issuer, { jwksUri: `${issuer}/jwks` }), issuer, pair)).toBe('person-1')
  expect(requests).toEqual(['/jwks'])
})

test('looks again at once for a new key, and for others not before 30 seconds have passed', async () => {
  const [old, next, later] = await Promise.all([aSigningPair('a'), aSigningPair('b'), aSigningPair('c')])
  const server = await anIssuer([old])
  const { issuer, requests } = server
  const verifier = aVerifier(issuer)
  await attempt(verifier, issuer, old)

  server.keys = [old, next]
  expect(await attempt(verifier, issuer, next)).toBe('person-1')
  server.keys = [old, next, later]
  now += 29_900
  const refused = await Promise.all(Array.from({ length: 20 }, () => attempt(verifier, issuer, later)))
  expect(new Set(refused)).toEqual(new Set([unknownKey]))
  expect(requests.filter((path) => path === '/jwks')).toHaveLength(2)

  now += 200
  expect(await attempt(verifier, issuer, later)).toBe('person-1')
  expect(requests.filter((path) => path === '/jwks')).toHaveLength(3)
})

test('shares one request among all that meet the unknown key at the same time', async () => {
  const [old, next] = await Promise.all([aSigningPair('a'), aSigningPair('b')])
  const server = await anIssuer([old])
  const { issuer, requests } = server
  const verifier = aVerifier(issuer)
  await attempt(verifier, issuer, old)
  server.keys = [next]
  const subjects = await Promise.all(Array.from({ length: 20 }, () => attempt(verifier, issuer, next)))
  expect(new Set(subjects)).toEqual(new Set(['person-1']))
  expect(requests.filter((path) => path === '/jwks')).toHaveLength(2)
})

test('drops a key that the issuer no longer publishes after ten minutes at most', async () => {
  const [old, next] = await Promise.all([aSigningPair('a'), aSigningPair('b')])
  const server = await anIssuer([old])
  const verifier = aVerifier(server.issuer)
  await attempt(verifier, server.issuer, old)
  server.keys = [next]
  now += 600_001
  expect(await attempt(verifier, server.issuer, old)).toBe(unknownKey)
})

test('goes on with the last good keys for a day while the issuer is down, asking every 30 seconds', async () => {
  const [pair, other] = await Promise.all([aSigningPair('a'), aSigningPair('b')])
  const server = await anIssuer([pair])
  const verifier = aVerifier(server.issuer)
  await attempt(verifier, server.issuer, pair)
  server.answers.set('/jwks', 500)
  server.answers.set(METADATA, 500)

  now += 600_001
  const asked = server.requests.length
  expect(await attempt(verifier, server.issuer, pair)).toBe('person-1')
  expect(server.requests.length).toBeGreaterThan(asked)
  const askedOnce = server.requests.length
  now += 29_000
  expect(await attempt(verifier, server.issuer, pair)).toBe('person-1')
  expect(server.requests).toHaveLength(askedOnce)
  expect(await attempt(verifier, server.issuer, other)).toBe(unknownKey)

  now = start + 24 * 3_600_000
  expect(await attempt(verifier, server.issuer, pair)).toBe(unavailable)
  server.answers.clear()
  now += 1_001
  expect(await attempt(verifier, server.issuer, pair)).toBe('person-1')
})

test('says 503 with Retry-After while the keys were never read, and recovers within a second', async () => {
  const pair = await aSigningPair('a')
  const server = await anIssuer([pair])
  const verifier = aVerifier(server.issuer)
  server.answers.set('/jwks', 500)
  const bearer = `Bearer ${await anAccessToken(server.issuer, pair, {}, now)}`
  const refused = await verifier.verify(bearer).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(AccessTokenRefused)
  expect(refused).toMatchObject({ status: 503, error: 'temporarily_unavailable', challenge: undefined })
  expect((refused as AccessTokenRefused).headers).toMatchObject({ 'Retry-After': '5' })
  const asked = server.requests.length
  expect(await attempt(verifier, server.issuer, pair)).toBe(unavailable)
  expect(server.requests).toHaveLength(asked)

  server.answers.clear()
  now += 1_001
  expect(await attempt(verifier, server.issuer, pair)).toBe('person-1')
})

test.each([
  ['hangs', 'hang'],
  ['redirects', 302],
  ['is no key set', { keys: 'none' }],
  ['is larger than a megabyte', { keys: [], padding: 'x'.repeat(1_100_000) }],
] as const)('gives up within the time-out on a key set that %s', async (_what, answer) => {
  const pair = await aSigningPair('a')
  const server = await anIssuer([pair])
  server.answers.set('/jwks', answer)
  const began = performance.now()
  expect(await attempt(aVerifier(server.issuer, { timeoutMs: 300 }), server.issuer, pair)).toBe(unavailable)
  expect(performance.now() - began).toBeLessThan(atMost(2000))
  expect(server.requests).not.toContain('/elsewhere')
})

test('gives up within the time-out although every document of the issuer hangs', async () => {
  const pair = await aSigningPair('a')
  const server = await anIssuer([pair])
  for (const path of [METADATA, '/.well-known/openid-configuration', '/jwks']) server.answers.set(path, 'hang')
  const began = performance.now()
  expect(await attempt(aVerifier(server.issuer, { timeoutMs: 1500 }), server.issuer, pair)).toBe(unavailable)
  expect(performance.now() - began).toBeLessThan(atMost(2900))
})

test('fetches nothing when the keys are given, and follows the function that has them', async () => {
  const [old, next] = await Promise.all([aSigningPair('a'), aSigningPair('b')])
  const server = await anIssuer([old])
  let keys = [old]
  const verifier = aVerifier(server.issuer, {
    keys: () => publicKeys(keys),
  })
  expect(await attempt(verifier, server.issuer, old)).toBe('person-1')
  keys = [next]
  expect(await attempt(verifier, server.issuer, next)).toBe('person-1')
  expect(await attempt(verifier, server.issuer, old)).toBe(unknownKey)
  expect(server.requests).toEqual([])
})
