/** What an API says about itself, in its metadata and in its challenges. */
import { expect, test } from 'vitest'
import {
  accessTokens,
  AccessTokenRefused,
  type AccessTokens,
  type AccessTokensOptions,
} from '#resource-server/index.ts'
import { aSigningPair, anAccessToken, audience, publicKeys } from './test-issuer.ts'

const issuer = 'https://id.example.com'
const pair = await aSigningPair('a')

function aVerifier(options: Partial<AccessTokensOptions> = {}): AccessTokens {
  return accessTokens({ issuer, audience, keys: publicKeys([pair]), ...options })
}

async function challenge(attempt: Promise<unknown>): Promise<string | undefined> {
  const refused = await attempt.catch((error: unknown) => error)
  return refused instanceof AccessTokenRefused ? refused.challenge : 'not refused'
}

test('publishes issuer, scopes and name', () => {
  const verifier = aVerifier({ scopesSupported: ['posts:read', 'posts:write'], resourceName: 'Posts' })
  expect(verifier.protectedResourceMetadata()).toEqual({
    resource: audience,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: ['posts:read', 'posts:write'],
    resource_name: 'Posts',
  })
})

test('publishes what it accepts of DPoP, and whether it needs that', () => {
  expect(aVerifier({ dpop: true }).protectedResourceMetadata()).toEqual({
    resource: audience,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: ['ES256', 'PS256', 'Ed25519', 'EdDSA'],
  })
  expect(aVerifier({ dpop: { required: true, algorithms: ['ES256'] } }).protectedResourceMetadata()).toMatchObject({
    dpop_signing_alg_values_supported: ['ES256'],
    dpop_bound_access_tokens_required: true,
  })
})

test.each([
  ['https://api.example.com/', 'https://api.example.com/.well-known/oauth-protected-resource'],
  ['https://api.example.com/v1', 'https://api.example.com/.well-known/oauth-protected-resource/v1'],
  ['https://api.example.com/v1?t=2', 'https://api.example.com/.well-known/oauth-protected-resource/v1?t=2'],
  ['urn:example:api', undefined],
])('stands for %s at %s', (identifier, url) => {
  expect(aVerifier({ audience: identifier }).metadataUrl).toBe(url)
})

test('names no metadata where it serves none', async () => {
  const verifier = aVerifier({ resourceMetadata: false })
  expect(await challenge(verifier.verify(undefined))).toBe('Bearer')
})

test('puts nothing into a challenge that would end its quotation', async () => {
  const verifier = aVerifier({ audience: 'urn:x:"\\', resourceMetadata: false })
  const bearer = `Bearer ${await anAccessToken(issuer, pair)}`
  const sentence = "The access token is not for urn:x:''."
  expect(await challenge(verifier.verify(bearer))).toBe(`Bearer error="invalid_token", error_description="${sentence}"`)
})

test.each(['issuer', 'audience'])('is refused without the option %s', (name) => {
  expect(() => aVerifier({ [name]: '' })).toThrow(`accessTokens needs the option ${name}`)
})
