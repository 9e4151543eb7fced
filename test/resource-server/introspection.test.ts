/** An API that asks the issuer about each token: revocations take effect within seconds, and opaque tokens pass. */
import { createHash } from 'node:crypto'
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accessTokens, type AccessTokensOptions, type IntrospectionOptions } from '#resource-server/index.ts'
import { proofKey } from '../support/proof-key.ts'
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
const SECRET = { clientId: 'api', clientSecret: 'a secret' }
const INACTIVE = 'The access token is unknown, has expired or was revoked.'
const OPAQUE = anOpaqueToken(0)
const seconds = () => Math.floor(Date.now() / 1000)
let issuer: TestIssuer
let ahead: number

beforeEach(async () => {
  issuer = await startTestIssuer([pair])
  issuer.answers.set('/introspect', { active: true })
  ahead = 0
})

afterEach(() => issuer.close())

function aVerifier(introspection: Partial<IntrospectionOptions> = {}, also: Partial<AccessTokensOptions> = {}) {
  return accessTokens({
    issuer: issuer.issuer,
    audience,
    introspection: { ...SECRET, ...introspection },
    now: () => new Date(Date.now() + ahead),
    ...also,
  })
}

/** What the issuer says of an opaque token, changed as asked; undefined removes a member. */
const anAnswer = (also: Record<string, unknown> = {}) => ({
  active: true,
  iss: issuer.issuer,
  aud: audience,
  sub: 'person-1',
  client_id: 'client-1',
  exp: seconds() + 300,
  iat: seconds(),
  scope: 'posts:read',
  token_type: 'Bearer',
  ...also,
})

const aJwt = async (claims = {}) => `Bearer ${await anAccessToken(issuer.issuer, pair, { claims })}`

describe('a JWT', () => {
  test('passes while it is active, with its own claims', async () => {
    issuer.answers.set('/introspect', { active: true, sub: 'someone-else', scope: 'everything' })
    expect(await aVerifier().verify(await aJwt())).toMatchObject({ sub: 'person-1', scope: 'posts:read' })
  })

  test('is refused once it was revoked', async () => {
    issuer.answers.set('/introspect', { active: false })
    await expectRefused(aVerifier().verify(await aJwt()), 401, 'invalid_token', INACTIVE)
  })

  test('that the issuer did not sign, or that is for another API, is not asked about', async () => {
    const forged = `Bearer ${await anAccessToken(issuer.issuer, await aSigningPair('a'))}`
    const foreign = await aJwt({ aud: 'https://x.example' })
    const expired = await aJwt({ exp: seconds() - 60 })
    for (const bearer of [forged, foreign, expired]) {
      expect(await refusal(aVerifier().verify(bearer))).toMatchObject({ status: 401, error: 'invalid_token' })
    }
    expect(issuer.posted).toEqual([])
  })
})

describe('an opaque token', () => {
  test('passes with what the issuer says of it', async () => {
    issuer.answers.set('/introspect', anAnswer({ auth_time: 7 }))
    const claims = await aVerifier().verify(`Bearer ${OPAQUE}`)
    expect(claims).toEqual({
      iss: issuer.issuer,
      aud: audience,
      sub: 'person-1',
      client_id: 'client-1',
      exp: expect.any(Number),
      iat: expect.any(Number),
      scope: 'posts:read',
      auth_time: 7,
      jti: createHash('sha256').update(OPAQUE).digest('base64url'),
    })
  })

  test('expires when the clock tolerance has passed', async () => {
    const at = seconds()
    const verifier = aVerifier({ cacheSeconds: 0 }, { now: () => new Date(at * 1000) })
    issuer.answers.set('/introspect', anAnswer({ exp: at - 4, iat: at - 300 }))
    expect(await verifier.verify(`Bearer ${OPAQUE}`)).toMatchObject({ exp: at - 4 })
    issuer.answers.set('/introspect', anAnswer({ exp: at - 5, iat: at - 300 }))
    expect(await refusal(verifier.verify(`Bearer ${OPAQUE}`))).toMatchObject({ error: 'invalid_token' })
  })

  test('of a machine has its client as subject', async () => {
    issuer.answers.set('/introspect', anAnswer({ sub: undefined }))
    expect(await aVerifier().verify(`Bearer ${OPAQUE}`)).toMatchObject({ sub: 'client-1' })
  })

  const cases: [string, Record<string, unknown>, string][] = [
    ['is not active', { active: false }, INACTIVE],
    ['is a refresh token', { token_type: undefined }, 'The token is not an access token.'],
    ['is of another type', { token_type: 'N_A' }, 'The token is not an access token.'],
    ['is for another API', { aud: 'https://x.example' }, `The access token is not for ${audience}.`],
    ['is for no API', { aud: undefined }, `The access token is not for ${audience}.`],
    [
      'is for several APIs',
      { aud: [audience, 'https://x.example'] },
      `The access token is for several audiences; this API accepts tokens for ${audience} alone.`,
    ],
    ['has expired', { exp: seconds() - 60 }, 'The access token has expired.'],
    ['has no expiry', { exp: undefined }, 'The access token has no valid expiry (exp).'],
    ['has no time of issue', { iat: undefined }, 'The access token has no valid time of issue (iat).'],
    ['is from the future', { iat: seconds() + 60 }, 'The access token was issued in the future.'],
    ['has no client', { client_id: undefined }, 'The access token has no valid client_id.'],
    ['has a number as subject', { sub: 7 }, 'The access token has no valid sub.'],
    [
      'tells of a sign-in in the future',
      { auth_time: seconds() + 60 },
      'The access token says that the sign-in is in the future (auth_time).',
    ],
    [
      'is bound to a key',
      { cnf: { jkt: 'abc' } },
      'The access token is bound to a key and cannot be used as a bearer token.',
    ],
  ]
  test.each(cases)('is refused when it %s', async (_what, also, sentence) => {
    issuer.answers.set('/introspect', anAnswer(also))
    await expectRefused(aVerifier().verify(`Bearer ${OPAQUE}`), 401, 'invalid_token', sentence)
  })

  test('is refused when it is from another issuer', async () => {
    issuer.answers.set('/introspect', anAnswer({ iss: 'https://x.example' }))
    const sentence = `The access token was not issued by ${issuer.issuer}.`
    await expectRefused(aVerifier().verify(`Bearer ${OPAQUE}`), 401, 'invalid_token', sentence)
  })

  test('needs the same scopes and sign-in as a JWT', async () => {
    issuer.answers.set('/introspect', anAnswer())
    const sentence = 'The access token lacks the scope posts:write.'
    const lacking = aVerifier().verify(`Bearer ${OPAQUE}`, { scope: 'posts:write' })
    await expectRefused(lacking, 403, 'insufficient_scope', sentence)
    expect(await refusal(aVerifier({}, { maxAgeSeconds: 60 }).verify(`Bearer ${OPAQUE}`))).toMatchObject({
      error: 'insufficient_user_authentication',
    })
  })

  test('that is bound to a key passes with a proof of it', async () => {
    const key = await proofKey()
    issuer.answers.set('/introspect', anAnswer({ token_type: 'DPoP', cnf: { jkt: key.jkt } }))
    const verifier = aVerifier({}, { dpop: true })
    const proof = await key.proof({ url: `${audience}/posts`, method: 'GET', accessToken: OPAQUE })
    const headers = { authorization: `DPoP ${OPAQUE}`, dpop: proof.DPoP }
    expect(await verifier.verify({ method: 'GET', url: '/posts', headers })).toMatchObject({ sub: 'person-1' })
    expect(await refusal(verifier.verify(`Bearer ${OPAQUE}`))).toMatchObject({ error: 'invalid_token' })
  })
})

describe('the issuer', () => {
  test('is asked once for many requests at a time, and again after five seconds', async () => {
    const verifier = aVerifier()
    const bearer = await aJwt()
    await Promise.all([1, 2, 3].map(() => verifier.verify(bearer)))
    issuer.answers.set('/introspect', { active: false })
    ahead = 4_900
    await verifier.verify(bearer)
    expect(issuer.posted).toHaveLength(1)
    ahead = 5_100
    await expectRefused(verifier.verify(bearer), 401, 'invalid_token', INACTIVE)
    expect(issuer.posted).toHaveLength(2)
  })

  test('is asked each time with cacheSeconds 0', async () => {
    const verifier = aVerifier({ cacheSeconds: 0 })
    const bearer = await aJwt()
    await verifier.verify(bearer)
    issuer.answers.set('/introspect', { active: false })
    await expectRefused(verifier.verify(bearer), 401, 'invalid_token', INACTIVE)
  })

  test('is asked about each token separately', async () => {
    issuer.answers.set('/introspect', (token) => (token === OPAQUE ? anAnswer() : { active: false }))
    const verifier = aVerifier()
    expect(await verifier.verify(`Bearer ${OPAQUE}`)).toMatchObject({ sub: 'person-1' })
    await expectRefused(verifier.verify(`Bearer ${anOpaqueToken(1)}`), 401, 'invalid_token', INACTIVE)
  })

  test('does not keep a token alive beyond its expiry', async () => {
    issuer.answers.set('/introspect', anAnswer({ exp: seconds() + 2 }))
    const verifier = aVerifier({ cacheSeconds: 60 }, { clockToleranceSeconds: 0 })
    await verifier.verify(`Bearer ${OPAQUE}`)
    ahead = 3_000
    await expectRefused(verifier.verify(`Bearer ${OPAQUE}`), 401, 'invalid_token', 'The access token has expired.')
  })

  test('gets the form-encoded secret of the client', async () => {
    await aVerifier({ clientId: 'my api', clientSecret: 'a:b%ü' }).verify(await aJwt())
    const [{ authorization } = { authorization: undefined }] = issuer.posted
    const expected = Buffer.from('my+api:a%3Ab%25%C3%BC').toString('base64')
    expect(authorization).toBe(`Basic ${expected}`)
  })

  test('gets an assertion of the client with itself as audience, a new one each time', async () => {
    const own = await aSigningPair('k1')
    const privateKey = { ...(await exportJWK(own.privateKey)), kid: 'k1', alg: 'ES256' }
    const verifier = accessTokens({
      issuer: issuer.issuer,
      audience,
      introspection: { clientId: 'api', privateKey, cacheSeconds: 0 },
    })
    const bearer = await aJwt()
    for (let count = 0; count < 2; count += 1) await verifier.verify(bearer)
    const ids = issuer.posted.map(async ({ authorization, parameters }) => {
      expect(authorization).toBeUndefined()
      expect(parameters.get('client_id')).toBe('api')
      expect(parameters.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      const { payload } = await jwtVerify(
        parameters.get('client_assertion') ?? '',
        createLocalJWKSet(publicKeys([own])),
        { issuer: 'api', subject: 'api', audience: issuer.issuer, requiredClaims: ['exp', 'iat'] },
      )
      return payload.jti
    })
    expect(new Set(await Promise.all(ids)).size).toBe(2)
  })

  test('is asked at the endpoint of the option, if it is set', async () => {
    issuer.answers.set('/elsewhere', { active: true })
    await aVerifier({ endpoint: `${issuer.issuer}/elsewhere` }).verify(await aJwt())
    expect(issuer.requests.filter((path) => /introspect|elsewhere/.test(path))).toEqual(['/elsewhere'])
  })
})

describe('an issuer that does not answer', () => {
  const SENTENCE = 'The token issuer cannot be asked about the access token at the moment.'

  async function expectUnavailable(attempt: Promise<unknown>) {
    const refused = await refusal(attempt)
    expect(refused).toMatchObject({
      status: 503,
      error: 'temporarily_unavailable',
      error_description: SENTENCE,
      challenge: undefined,
    })
  }

  test.each([500, 302, 404, 429, 'no JSON', '[]', {}, { active: 'true' }, 'hang', `"${'x'.repeat(1_048_576)}"`])(
    'properly lets no token pass (%#)',
    async (answer) => {
      issuer.answers.set('/introspect', answer)
      // The keys are not fetched, so the time limit can only be that of the introspection request.
      const verifier = aVerifier({}, { timeoutMs: 200, keys: publicKeys([pair]) })
      await expectUnavailable(verifier.verify(await aJwt()))
    },
  )

  test('is asked again by the next request, at the endpoint that its metadata names by then', async () => {
    const verifier = aVerifier()
    const bearer = await aJwt()
    issuer.answers.set('/introspect', 500)
    await expectUnavailable(verifier.verify(bearer))
    const own = issuer.issuer
    issuer.answers.set('/.well-known/oauth-authorization-server', {
      issuer: own,
      jwks_uri: `${own}/jwks`,
      introspection_endpoint: `${own}/moved`,
    })
    issuer.answers.set('/moved', { active: true })
    expect(await verifier.verify(bearer)).toMatchObject({ sub: 'person-1' })
  })

  test('because its metadata names no endpoint lets no token pass', async () => {
    const own = issuer.issuer
    issuer.answers.set('/.well-known/oauth-authorization-server', { issuer: own, jwks_uri: `${own}/jwks` })
    await expectUnavailable(aVerifier().verify(await aJwt()))
  })

  test.each([400, 401, 403])('because the API is not its client (%s) is a failure of the API', async (status) => {
    issuer.answers.set('/introspect', status)
    await expect(aVerifier().verify(await aJwt())).rejects.toThrow(
      `/introspect refused the introspection request of this API: ${status}`,
    )
  })
})
