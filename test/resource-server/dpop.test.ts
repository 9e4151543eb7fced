/** An access token that is bound to a key passes with a proof of that key for this request, once (RFC 9449 §7.1). */
import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { accessTokens, type AccessTokens, type AccessTokensOptions, type DpopOptions } from '#resource-server/index.ts'
import { proofKey, type ProofKey } from '../support/proof-key.ts'
import { refusal } from './refused.ts'
import { aSigningPair, anAccessToken, audience, publicKeys } from './test-issuer.ts'

const issuer = 'https://id.example.com'
const pair = await aSigningPair('a')
const URL_OF_POSTS = `${audience}/posts`
const METADATA = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"'
const ALGORITHMS = 'algs="ES256 PS256 Ed25519 EdDSA"'
const seconds = () => Math.floor(Date.now() / 1000)
let key: ProofKey
let token: string
let bearerToken: string

beforeAll(async () => {
  key = await proofKey()
  token = await bound()
  bearerToken = await anAccessToken(issuer, pair)
})

const bound = (cnf: object | null = { jkt: key.jkt }) => anAccessToken(issuer, pair, { claims: { cnf } })

function aVerifier(dpop: DpopOptions | boolean = true, also: Partial<AccessTokensOptions> = {}): AccessTokens {
  return accessTokens({ issuer, audience, keys: publicKeys([pair]), dpop, ...also })
}

type Bent = Parameters<ProofKey['proof']>[1]

/** A request with a proof for `GET /posts`, changed as asked. */
async function aRequest(bent: Bent = {}, target = '/posts', method = 'GET', by = key) {
  const { DPoP } = await by.proof({ url: URL_OF_POSTS, method: 'GET', accessToken: token }, bent)
  return { method, url: target, headers: { authorization: `DPoP ${token}`, dpop: DPoP } }
}

/** Asserts the refusal, and that the challenge says it under the scheme that was used. */
async function expectRefused(attempt: Promise<unknown>, error: string, description: string, scheme = 'DPoP') {
  const refused = await refusal(attempt)
  expect({ status: refused.status, error: refused.error, description: refused.error_description }).toEqual({
    status: 401,
    error,
    description,
  })
  const fault = `${scheme} error="${error}", error_description="${description}", ${METADATA}`
  expect(refused.challenge).toBe(`${fault}, ${scheme === 'DPoP' ? '' : 'DPoP '}${ALGORITHMS}`)
  return refused
}

describe('a bound token', () => {
  test('passes with a proof, whatever the case of the scheme', async () => {
    const request = await aRequest()
    request.headers.authorization = `dpop ${token}`
    expect(await aVerifier().verify(request)).toMatchObject({ sub: 'person-1', cnf: { jkt: key.jkt } })
  })

  test.each(['ES256', 'PS256', 'EdDSA', 'Ed25519'])('passes with a proof signed by %s', async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = await exportJWK(publicKey)
    const own = await bound({ jkt: await calculateJwkThumbprint(jwk) })
    const ath = createHash('sha256').update(own).digest('base64url')
    const proof = await new SignJWT({ htm: 'GET', htu: URL_OF_POSTS, jti: 'a', iat: seconds(), ath })
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk })
      .sign(privateKey)
    const request = { method: 'GET', url: '/posts', headers: { authorization: `DPoP ${own}`, dpop: proof } }
    expect(await aVerifier().verify(request)).toMatchObject({ sub: 'person-1' })
  })

  test('is no bearer token', async () => {
    const sentence = 'The access token is bound to a key: send it with the scheme DPoP and a proof.'
    await expectRefused(aVerifier().verify(`Bearer ${token}`), 'invalid_token', sentence, 'Bearer')
    const request = await aRequest()
    request.headers.authorization = `Bearer ${token}`
    await expectRefused(aVerifier().verify(request), 'invalid_token', sentence, 'Bearer')
  })

  test('passes if the API requires proofs', async () => {
    expect(await aVerifier({ required: true }).verify(await aRequest())).toMatchObject({ sub: 'person-1' })
  })

  test.each([null, { 'x5t#S256': 'abc' }, { jkt: 7 }, { jkt: '' }, {}, { jkt: 'abc', 'x5t#S256': 'abc' }])(
    'is refused when the API cannot check how it is bound: %j',
    async (cnf) => {
      const other = await bound(cnf)
      const sentence = 'The access token is bound in a way that this API cannot check.'
      await expectRefused(aVerifier().verify(`Bearer ${other}`), 'invalid_token', sentence, 'Bearer')
      await expectRefused(aVerifier().verify(`DPoP ${other}`), 'invalid_token', sentence)
    },
  )

  test('is checked before its proof', async () => {
    const request = await aRequest()
    request.headers = { authorization: `DPoP ${token.slice(0, -4)}AAAA`, dpop: 'x' }
    await expectRefused(aVerifier().verify(request), 'invalid_token', 'The signature of the access token is not valid.')
  })
})

describe('a token that is not bound', () => {
  test('passes as a bearer token, unless the API requires proofs', async () => {
    expect(await aVerifier().verify(`Bearer ${bearerToken}`)).toMatchObject({ sub: 'person-1' })
    const refused = await refusal(aVerifier({ required: true }).verify(`Bearer ${bearerToken}`))
    const sentence = 'This API accepts only access tokens that are bound to a key (DPoP).'
    expect(refused).toMatchObject({ status: 401, error: 'invalid_token', error_description: sentence })
    expect(refused.challenge).toBe(
      `DPoP error="invalid_token", error_description="${sentence}", ${METADATA}, ${ALGORITHMS}`,
    )
  })

  test('does not pass with the scheme DPoP', async () => {
    const sentence = 'The access token is not bound to a key: send it with the scheme Bearer.'
    await expectRefused(aVerifier().verify(`DPoP ${bearerToken}`), 'invalid_token', sentence)
  })
})

describe('a request without a token', () => {
  test('gets a challenge for both schemes, or only for DPoP if proofs are required', async () => {
    const scope = 'posts:read'
    const both = await refusal(aVerifier(true, { scope }).verify(undefined))
    const parameters = `scope="posts:read", ${METADATA}`
    expect(both.challenge).toBe(`DPoP ${parameters}, ${ALGORITHMS}, Bearer ${parameters}`)
    const one = await refusal(aVerifier({ required: true, algorithms: ['ES256'] }).verify(undefined))
    expect(one.challenge).toBe(`DPoP ${METADATA}, algs="ES256"`)
  })

  test('is refused if its header is malformed', async () => {
    const refused = await refusal(aVerifier().verify('DPoP a b'))
    const sentence = 'The Authorization header must be the word DPoP, one space and the access token.'
    expect(refused).toMatchObject({ status: 400, error: 'invalid_request', error_description: sentence })
  })
})

describe('a proof', () => {
  const refusedClaims: [string, Record<string, unknown>, string][] = [
    ['is for another method', { htm: 'POST' }, 'The DPoP proof is for another method (htm).'],
    ['writes the method in small letters', { htm: 'get' }, 'The DPoP proof is for another method (htm).'],
    ['has no method', { htm: undefined }, 'The DPoP proof is for another method (htm).'],
    ['is for another path', { htu: `${audience}/post` }, 'The DPoP proof is for another URL (htu).'],
    ['is for another host', { htu: 'https://x.example/posts' }, 'The DPoP proof is for another URL (htu).'],
    ['is for plain http', { htu: 'http://api.example.com/posts' }, 'The DPoP proof is for another URL (htu).'],
    ['names a path only', { htu: '/posts' }, 'The DPoP proof is for another URL (htu).'],
    ['has no URL', { htu: undefined }, 'The DPoP proof is for another URL (htu).'],
    ['is for another token', { ath: 'abc' }, 'The DPoP proof is for another access token (ath).'],
    ['has no token hash', { ath: undefined }, 'The DPoP proof is for another access token (ath).'],
    ['has no jti', { jti: undefined }, 'The DPoP proof has no valid jti.'],
    ['has an empty jti', { jti: '' }, 'The DPoP proof has no valid jti.'],
    ['has no iat', { iat: undefined }, 'The DPoP proof has no valid iat.'],
    ['has a text as iat', { iat: 'now' }, 'The DPoP proof has no valid iat.'],
    ['is older than a minute', { iat: seconds() - 90 }, 'The DPoP proof is too old (iat).'],
    ['is from the future', { iat: seconds() + 60 }, 'The DPoP proof was made in the future (iat).'],
    ['has expired', { exp: seconds() - 60 }, 'The DPoP proof has expired.'],
    ['is not valid yet', { nbf: seconds() + 60 }, 'The DPoP proof has no valid nbf.'],
  ]
  test.each(refusedClaims)('is refused when it %s', async (_what, claims, sentence) => {
    await expectRefused(aVerifier().verify(await aRequest({ claims })), 'invalid_dpop_proof', sentence)
  })

  const malformed = 'The DPoP proof is not a well-formed JWT with a public key (jwk).'
  const refusedHeaders: [string, Record<string, unknown>, string][] = [
    ['is of no type', { typ: undefined }, 'The DPoP proof is of another type: its typ must be dpop+jwt.'],
    ['is of another type', { typ: 'at+jwt' }, 'The DPoP proof is of another type: its typ must be dpop+jwt.'],
    ['brings no key', { jwk: undefined }, malformed],
    ['brings a symmetric key', { jwk: { kty: 'oct', k: 'AAAA' } }, malformed],
    ['brings a key that is none', { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }, malformed],
    ['brings half a key', { jwk: { kty: 'EC' } }, malformed],
  ]
  test.each(refusedHeaders)('is refused when it %s', async (_what, header, sentence) => {
    await expectRefused(aVerifier().verify(await aRequest({ header })), 'invalid_dpop_proof', sentence)
  })

  test('is refused when it shows its private key', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const proof = await new SignJWT({ jti: 'a', iat: seconds() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(privateKey) })
      .sign(privateKey)
    const request = await aRequest()
    request.headers.dpop = proof
    await expectRefused(aVerifier().verify(request), 'invalid_dpop_proof', malformed)
  })

  test('is refused when its algorithm is not allowed', async () => {
    const sentence = 'The DPoP proof is signed by an algorithm that is not allowed; allowed are EdDSA.'
    const refused = await refusal(aVerifier({ algorithms: ['EdDSA'] }).verify(await aRequest()))
    expect(refused).toMatchObject({ error: 'invalid_dpop_proof', error_description: sentence })
  })

  test('is refused when it was altered', async () => {
    const request = await aRequest()
    request.headers.dpop = `${request.headers.dpop.slice(0, -4)}AAAA`
    const sentence = 'The signature of the DPoP proof is not valid.'
    await expectRefused(aVerifier().verify(request), 'invalid_dpop_proof', sentence)
  })

  test('is refused when it is of another key than the token', async () => {
    const request = await aRequest({}, '/posts', 'GET', await proofKey())
    const sentence = 'The DPoP proof is of another key than the access token.'
    await expectRefused(aVerifier().verify(request), 'invalid_dpop_proof', sentence)
  })

  test.each(['x', 'a.b.c', '', 'ü'])('is refused when it is any other text: %j', async (dpop) => {
    const request = { ...(await aRequest()), headers: { authorization: `DPoP ${token}`, dpop } }
    await expectRefused(aVerifier().verify(request), 'invalid_dpop_proof', malformed)
  })

  test('is refused when it is very long', async () => {
    const request = await aRequest({ claims: { blob: 'a'.repeat(8192) } })
    await expectRefused(aVerifier().verify(request), 'invalid_dpop_proof', 'The DPoP proof is too long.')
    request.headers.dpop = 'a'.repeat(8192)
    await expectRefused(aVerifier().verify(request), 'invalid_dpop_proof', malformed)
  })

  test('must be sent exactly once, in its own header', async () => {
    const sentence = 'The request needs exactly one DPoP header.'
    const { headers, ...line } = await aRequest()
    const { authorization, dpop } = headers
    await expectRefused(aVerifier().verify({ ...line, headers: { authorization } }), 'invalid_dpop_proof', sentence)
    const twice = { ...line, headers, headersDistinct: { authorization: [authorization], dpop: [dpop, dpop] } }
    await expectRefused(aVerifier().verify(twice), 'invalid_dpop_proof', sentence)
    await expectRefused(aVerifier().verify(authorization), 'invalid_dpop_proof', sentence)
  })
})

test.each([
  ['iat', 10, undefined],
  ['iat', 11, 'The DPoP proof was made in the future (iat).'],
  ['nbf', 10, undefined],
  ['nbf', 11, 'The DPoP proof has no valid nbf.'],
  ['iat', -64, undefined],
  ['iat', -65, 'The DPoP proof is too old (iat).'],
])('an %s %i seconds from now, with clocks that may differ by 5: %s', async (claim, after, sentence) => {
  const at = seconds()
  const verifier = aVerifier(true, { now: () => new Date(at * 1000) })
  const attempt = verifier.verify(await aRequest({ claims: { iat: at, [claim]: at + after } }))
  if (sentence === undefined) expect(await attempt).toMatchObject({ sub: 'person-1' })
  else await expectRefused(attempt, 'invalid_dpop_proof', sentence)
})

describe('a proof is accepted', () => {
  test('once, whatever else the request is', async () => {
    const verifier = aVerifier()
    const request = await aRequest()
    await verifier.verify(request)
    await expectRefused(verifier.verify(request), 'invalid_dpop_proof', 'The DPoP proof was used before (jti).')
    await expectRefused(
      verifier.verify(await aRequest({ claims: { jti: decodeJwt(request.headers.dpop).jti } })),
      'invalid_dpop_proof',
      'The DPoP proof was used before (jti).',
    )
  })

  test('exactly once of many at a time', async () => {
    const verifier = aVerifier()
    const request = await aRequest()
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => verifier.verify(request)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('once for as long as it could be replayed, also when its clock is fast', async () => {
    let ahead = 0
    const now = () => new Date(Date.now() + ahead)
    const verifier = aVerifier({ maxAgeSeconds: 60 }, { now, clockToleranceSeconds: 5 })
    const request = await aRequest({ claims: { iat: seconds() + 4 } })
    await verifier.verify(request)
    const used = 'The DPoP proof was used before (jti).'
    for (ahead of [30_000, 60_000, 67_000]) await expectRefused(verifier.verify(request), 'invalid_dpop_proof', used)
    // The store forgets expired proofs when it remembers another one.
    ahead = 75_000
    const other = await aRequest({ claims: { iat: seconds() + 75 } })
    await verifier.verify(other)
    await expectRefused(verifier.verify(request), 'invalid_dpop_proof', 'The DPoP proof is too old (iat).')
  })

  test('once by all instances that share a store', async () => {
    const keys = new Map<string, Date>()
    const replayStore = {
      remember: async (name: string, until: Date) => !keys.has(name) && keys.set(name, until).size > 0,
    }
    const request = await aRequest()
    await aVerifier({ replayStore }).verify(request)
    const sentence = 'The DPoP proof was used before (jti).'
    await expectRefused(aVerifier({ replayStore }).verify(request), 'invalid_dpop_proof', sentence)
    const [[name, until]] = [...keys] as [[string, Date]]
    expect(name).toMatch(new RegExp(`^${key.jkt}\\.[\\w-]{43}$`))
    expect(Math.abs(until.getTime() / 1000 - seconds() - 65)).toBeLessThan(3)
  })

  test('never while the store fails, which is a failure of the API', async () => {
    const replayStore = { remember: () => Promise.reject(new Error('the store is away')) }
    await expect(aVerifier({ replayStore }).verify(await aRequest())).rejects.toThrow('the store is away')
  })

  test('after a request with it was refused', async () => {
    const verifier = aVerifier()
    const request = await aRequest()
    await refusal(verifier.verify({ ...request, method: 'POST' }))
    expect(await verifier.verify(request)).toMatchObject({ sub: 'person-1' })
  })
})
