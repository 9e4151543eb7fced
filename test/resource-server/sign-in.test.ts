/** How strong and how recent the sign-in of an access token must be (RFC 9470). */
import { describe, expect, test } from 'vitest'
import { ACR_VALUES, reaches } from '#resource-server/acr.ts'
import { accessTokens, type AccessTokens, type AccessTokensOptions } from '#resource-server/index.ts'
import { expectRefused, refusal } from './refused.ts'
import { aSigningPair, anAccessToken, audience, publicKeys, type TokenParts } from './test-issuer.ts'

const issuer = 'https://id.example.com'
const pair = await aSigningPair('a')
const seconds = () => Math.floor(Date.now() / 1000)

function aVerifier(options: Partial<AccessTokensOptions>): AccessTokens {
  return accessTokens({ issuer, audience, keys: publicKeys([pair]), ...options })
}

async function aBearer(parts: TokenParts): Promise<string> {
  return `Bearer ${await anAccessToken(issuer, pair, parts)}`
}

test.each(ACR_VALUES)('the class %s reaches itself', (acr) => {
  expect(reaches(acr, [acr])).toBe(true)
})

describe('a valid token', () => {
  test.each([{ acr: 'pwd' }, {}])('tells of a sign-in that was too weak: %s', async (claims) => {
    const refused = await expectRefused(
      aVerifier({ acrValues: ['phr', 'phrh'] }).verify(await aBearer({ claims })),
      401,
      'insufficient_user_authentication',
      'This needs a stronger sign-in than the one the access token tells of.',
    )
    expect(refused.challenge).toContain('acr_values="phr phrh"')
  })

  test.each([{ auth_time: seconds() - 100 }, {}])('tells of a sign-in too long ago: %s', async (claims) => {
    const refused = await expectRefused(
      aVerifier({ maxAgeSeconds: 60 }).verify(await aBearer({ claims })),
      401,
      'insufficient_user_authentication',
      'This needs a more recent sign-in than the one the access token tells of.',
    )
    expect(refused.challenge).toContain('max_age="60"')
  })

  const [password, mfa, passkey] = ACR_VALUES
  test.each([
    [mfa, [password]],
    [passkey, [mfa]],
    [passkey, ['phr', passkey, mfa]],
    ['phr', [passkey, 'phr']],
  ])('passes with the class %s where one of %j is needed', async (acr, acrValues) => {
    expect(await aVerifier({ acrValues }).verify(await aBearer({ claims: { acr } }))).toMatchObject({ acr })
  })

  test.each([
    [password, [mfa]],
    [mfa, [passkey]],
    ['unknown', [password]],
    [passkey, ['phr']],
    [passkey, []],
  ])('does not pass with the class %s where one of %j is needed', async (acr, acrValues) => {
    await expectRefused(
      aVerifier({ acrValues }).verify(await aBearer({ claims: { acr } })),
      401,
      'insufficient_user_authentication',
      'This needs a stronger sign-in than the one the access token tells of.',
    )
  })

  test('passes with a sign-in as far ahead as the clocks may differ', async () => {
    const claims = { auth_time: seconds() + 3 }
    expect(await aVerifier({ maxAgeSeconds: 60 }).verify(await aBearer({ claims }))).toMatchObject(claims)
  })

  test('is too old one second after its maximum age and the clock tolerance', async () => {
    const at = 1_800_000_000
    const verifier = aVerifier({ maxAgeSeconds: 60, clockToleranceSeconds: 5, now: () => new Date(at * 1000) })
    const signedIn = async (age: number) =>
      `Bearer ${await anAccessToken(issuer, pair, { claims: { auth_time: at - age } }, at * 1000)}`
    expect(await verifier.verify(await signedIn(65))).toMatchObject({ auth_time: at - 65 })
    expect(await refusal(verifier.verify(await signedIn(66)))).toMatchObject({
      error: 'insufficient_user_authentication',
    })
    expect(await verifier.verify(await signedIn(-5))).toMatchObject({ auth_time: at + 5 })
    expect(await refusal(verifier.verify(await signedIn(-6)))).toMatchObject({ error: 'invalid_token' })
  })

  test('passes once the sign-in is strong and recent enough', async () => {
    const bearer = await aBearer({ claims: { acr: 'phr', auth_time: seconds() - 10 } })
    const verifier = aVerifier({ acrValues: ['phr'], maxAgeSeconds: 60 })
    expect(await verifier.verify(bearer)).toMatchObject({ acr: 'phr' })
  })
})
