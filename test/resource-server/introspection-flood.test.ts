/** Limits what strangers with made-up tokens can make an API ask its issuer, so that real tokens still pass. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accessTokens } from '#resource-server/index.ts'
import { createKeptAnswers } from '#resource-server/introspection/kept-answers.ts'
import { expectRefused, refusal } from './refused.ts'
import {
  anAccessToken,
  anOpaqueToken,
  aSigningPair,
  audience,
  publicKeys,
  startTestIssuer,
  type TestIssuer,
} from './test-issuer.ts'

const pair = await aSigningPair('a')
let issuer: TestIssuer

beforeEach(async () => {
  issuer = await startTestIssuer([pair])
})

afterEach(() => issuer.close())

function aVerifier() {
  const introspection = { clientId: 'api', clientSecret: 'a secret', endpoint: `${issuer.issuer}/introspect` }
  return accessTokens({ issuer: issuer.issuer, audience, keys: publicKeys([pair]), introspection, timeoutMs: 30_000 })
}

test.each(['x', 'x'.repeat(42), 'x'.repeat(44), `${'x'.repeat(42)}~`, `${'x'.repeat(42)}.`, 'x.y.z.w'])(
  'the issuer is not asked about values that do not look like a token (%#)',
  async (token) => {
    const sentence = 'The access token is unknown, has expired or was revoked.'
    await expectRefused(aVerifier().verify(`Bearer ${token}`), 401, 'invalid_token', sentence)
    expect(issuer.requests).toEqual([])
  },
)

test('the issuer is asked about at most fifty opaque tokens at a time, and about every JWT that it signed', async () => {
  const verifier = aVerifier()
  const askFor = (from: number, count: number) =>
    Array.from({ length: count }, (_, offset) => refusal(verifier.verify(`Bearer ${anOpaqueToken(from + offset)}`)))
  issuer.answers.set('/introspect', { active: false })
  const first = await Promise.all(askFor(100, 50))
  expect(first.map(({ status }) => status)).toEqual(Array(50).fill(401))
  issuer.answers.set('/introspect', (token) => (token.includes('.') ? { active: true } : 'hang'))
  const waiting = askFor(200, 50)
  for (const refused of await Promise.all(askFor(300, 10))) {
    expect(refused).toMatchObject({
      status: 503,
      error: 'temporarily_unavailable',
      error_description: 'The token issuer cannot be asked about the access token at the moment.',
      headers: { 'Retry-After': '5' },
      cause: { message: `${issuer.issuer} is being asked about 50 tokens already` },
    })
  }
  const jwt = await anAccessToken(issuer.issuer, pair)
  expect(await verifier.verify(`Bearer ${jwt}`)).toMatchObject({ sub: 'person-1' })
  await issuer.close()
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(503)
  issuer = await startTestIssuer([pair])
})

test('answers about made-up tokens do not evict those about real ones, and the number of both is limited', () => {
  const kept = createKeptAnswers(5, () => new Date(0))
  kept.keep('real', { sub: 'person-1' })
  for (let number = 0; number <= 10_000; number += 1) kept.keep(`made-up-${number}`, undefined)
  expect(kept.find('real')?.answer).toEqual({ sub: 'person-1' })
  expect(kept.find('made-up-0')).toBeUndefined()
  expect(kept.find('made-up-1')).toMatchObject({ answer: undefined })
  for (let number = 0; number < 10_000; number += 1) kept.keep(`other-${number}`, {})
  expect(kept.find('real')).toBeUndefined()
})

test('a token has one answer, the last', () => {
  const kept = createKeptAnswers(5, () => new Date(0))
  kept.keep('token', {})
  kept.keep('token', undefined)
  expect(kept.find('token')).toMatchObject({ answer: undefined })
})
