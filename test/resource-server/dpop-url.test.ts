/** The URL that a DPoP proof is for, and the nonce that an API may ask for (RFC 9449 §4.3, §9). */
import { beforeAll, describe, expect, test } from 'vitest'
import { accessTokens, type AccessTokensOptions, type DpopOptions } from '#resource-server/index.ts'
import { proofKey, type ProofKey } from '../support/proof-key.ts'
import { refusal } from './refused.ts'
import { aSigningPair, anAccessToken, audience, publicKeys } from './test-issuer.ts'

const issuer = 'https://id.example.com'
const pair = await aSigningPair('a')
const NONCE_SECRET = 'a secret that all its instances share'
let key: ProofKey
let token: string

beforeAll(async () => {
  key = await proofKey()
  token = await anAccessToken(issuer, pair, { claims: { cnf: { jkt: key.jkt } } })
})

const aVerifier = (dpop: DpopOptions | true = true, also: Partial<AccessTokensOptions> = {}) =>
  accessTokens({ issuer, audience, keys: publicKeys([pair]), dpop, ...also })

async function aRequest(htu: string, target: string, claims: Record<string, unknown> = {}) {
  const { DPoP } = await key.proof({ url: htu, method: 'GET', accessToken: token }, { claims })
  return { method: 'GET', url: target, headers: { authorization: `DPoP ${token}`, dpop: DPoP, host: 'x.example' } }
}

describe('the URL of a proof', () => {
  test.each([
    ['https://api.example.com/posts', '/posts?page=2'],
    ['https://api.example.com/posts?page=3#top', '/posts?page=2'],
    ['HTTPS://API.Example.COM:443/posts', '/posts'],
    ['https://api.example.com', '/'],
    ['https://api.example.com/a/../posts/./1', '/posts/1'],
    ['https://api.example.com/posts/1', '/a/../posts/1'],
    ['https://api.example.com/%7Eada', '/~ada'],
    ['https://api.example.com/~ada', '/%7eada'],
    ['https://api.example.com/%c3%a9', '/%C3%A9'],
    ['https://api.example.com/é', '/%C3%A9'],
    ['https://api.example.com/posts', 'http://x.example/posts'],
    ['https://api.example.com//x.example/posts', '//x.example/posts'],
  ])('%s matches the target %s', async (htu, target) => {
    expect(await aVerifier().verify(await aRequest(htu, target))).toMatchObject({ sub: 'person-1' })
  })

  test.each([
    ['https://api.example.com/posts', '/posts/'],
    ['https://api.example.com/Posts', '/posts'],
    ['https://api.example.com/a/b', '/a%2Fb'],
    ['https://api.example.com:8443/posts', '/posts'],
    ['https://x.example/posts', '/posts'],
    ['https://x.example/posts', '//x.example/posts'],
    ['https://x.example/posts', 'https://x.example/posts'],
    ['ftp://api.example.com/posts', '/posts'],
    ['https://api.example.com/posts', '*'],
  ])('%s does not match the target %s', async (htu, target) => {
    const refused = await refusal(aVerifier().verify(await aRequest(htu, target)))
    expect(refused).toMatchObject({
      status: 401,
      error: 'invalid_dpop_proof',
      error_description: 'The DPoP proof is for another URL (htu).',
    })
  })

  test.each([undefined, 'x', audience])('does not match a request whose URL is unknown: %s', async (htu) => {
    const { url: _, ...request } = await aRequest(audience, '/', { htu })
    expect(await refusal(aVerifier().verify(request))).toMatchObject({
      error: 'invalid_dpop_proof',
      error_description: 'The DPoP proof is for another URL (htu).',
    })
  })

  test('is below the base URL of an API whose proxy removes a prefix', async () => {
    for (const baseUrl of ['https://gateway.example/v1', 'https://gateway.example/v1/']) {
      const request = await aRequest('https://gateway.example/v1/posts', '/posts')
      expect(await aVerifier({ baseUrl }).verify(request)).toMatchObject({ sub: 'person-1' })
      const other = await refusal(
        aVerifier({ baseUrl }).verify(await aRequest('https://api.example.com/posts', '/posts')),
      )
      expect(other.error).toBe('invalid_dpop_proof')
    }
  })

  test('is the whole one if a router shortened it', async () => {
    const request = { ...(await aRequest('https://api.example.com/v1/posts', '/posts')), originalUrl: '/v1/posts' }
    expect(await aVerifier().verify(request)).toMatchObject({ sub: 'person-1' })
  })
})

describe('an option', () => {
  const wrong: [DpopOptions | true, string, string][] = [
    [true, 'urn:example:api', 'the option dpop.baseUrl must be an http(s) URL; without it, audience must be one'],
    [{ baseUrl: '/v1' }, audience, 'the option dpop.baseUrl must be an http(s) URL; without it, audience must be one'],
    [{ maxAgeSeconds: 0 }, audience, 'the option dpop.maxAgeSeconds must be a number of seconds above 0'],
    [{ nonceSecret: 'short' }, audience, 'the option dpop.nonceSecret must have at least 32 characters or bytes'],
  ]
  test.each(wrong)('that is invalid is refused at once: %j for %s', (dpop, identifier, sentence) => {
    expect(() => aVerifier(dpop, { audience: identifier })).toThrow(new TypeError(sentence))
  })
})

describe('an API that asks for nonces', () => {
  const SENTENCE = 'The DPoP proof needs the nonce of the DPoP-Nonce header.'
  const posts = 'https://api.example.com/posts'

  async function expectAsked(attempt: Promise<unknown>): Promise<string> {
    const refused = await refusal(attempt)
    expect(refused).toMatchObject({ status: 401, error: 'use_dpop_nonce', error_description: SENTENCE })
    expect(refused.challenge).toContain(`DPoP error="use_dpop_nonce", error_description="${SENTENCE}"`)
    return refused.headers['DPoP-Nonce'] as string
  }

  test('issues one, and any instance accepts a proof that contains it, once', async () => {
    const nonce = await expectAsked(aVerifier({ nonceSecret: NONCE_SECRET }).verify(await aRequest(posts, '/posts')))
    const other = aVerifier({ nonceSecret: Buffer.from(NONCE_SECRET) })
    const request = await aRequest(posts, '/posts', { nonce })
    expect(await other.verify(request)).toMatchObject({ sub: 'person-1' })
    const again = await refusal(other.verify(request))
    expect(again.error_description).toBe('The DPoP proof was used before (jti).')
  })

  test('ignores the clock of the client', async () => {
    const verifier = aVerifier({ nonceSecret: NONCE_SECRET })
    const nonce = await expectAsked(verifier.verify(await aRequest(posts, '/posts')))
    const request = await aRequest(posts, '/posts', { nonce, iat: 1_000_000 })
    expect(await verifier.verify(request)).toMatchObject({ sub: 'person-1' })
  })

  test('asks again after five minutes, and remembers until then', async () => {
    let ahead = 0
    const began = Date.now()
    const verifier = aVerifier({ nonceSecret: NONCE_SECRET }, { now: () => new Date(began + ahead) })
    token = await anAccessToken(issuer, pair, { claims: { cnf: { jkt: key.jkt }, exp: Date.now() / 1000 + 3600 } })
    const nonce = await expectAsked(verifier.verify(await aRequest(posts, '/posts')))
    const request = await aRequest(posts, '/posts', { nonce })
    await verifier.verify(request)
    ahead = 299_999
    expect((await refusal(verifier.verify(request))).error_description).toBe('The DPoP proof was used before (jti).')
    ahead = 300_000
    expect(await expectAsked(verifier.verify(request))).not.toBe(nonce)
  })

  test.each(['', 'x', 'AAAAAAAAAAA', 7, 'A'.repeat(53)])('accepts nothing else as a nonce: %j', async (nonce) => {
    await expectAsked(aVerifier({ nonceSecret: NONCE_SECRET }).verify(await aRequest(posts, '/posts', { nonce })))
  })

  test('refuses one that was made with another secret', async () => {
    const others = aVerifier({ nonceSecret: `${NONCE_SECRET}!` })
    const nonce = await expectAsked(others.verify(await aRequest(posts, '/posts')))
    await expectAsked(aVerifier({ nonceSecret: NONCE_SECRET }).verify(await aRequest(posts, '/posts', { nonce })))
  })
})
