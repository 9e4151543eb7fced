/** What an access token must be to pass, and how each refusal is told. */
import { createHmac } from 'node:crypto'
import { array, assert, asyncProperty, constantFrom, json, oneof, string } from 'fast-check'
import { base64url } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { accessTokens, type AccessTokens, type AccessTokensOptions } from '#resource-server/index.ts'
import { expectRefused, refusal } from './refused.ts'
import { aSigningPair, anAccessToken, audience, publicKeys, type SigningPair, type TokenParts } from './test-issuer.ts'

const issuer = 'https://id.example.com'
const metadata = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"'
const seconds = () => Math.floor(Date.now() / 1000)
const pairs = new Map<string, SigningPair>()
let es256: SigningPair

beforeAll(async () => {
  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']) {
    pairs.set(alg, await aSigningPair(`key-${alg}`, alg))
  }
  es256 = pairs.get('ES256') as SigningPair
})

function aVerifier(options: Partial<AccessTokensOptions> = {}): AccessTokens {
  return accessTokens({ issuer, audience, keys: publicKeys([...pairs.values()]), ...options })
}

async function aBearer(parts: TokenParts = {}, pair = es256): Promise<string> {
  return `Bearer ${await anAccessToken(issuer, pair, parts)}`
}

describe('a token that passes', () => {
  test.each(['ES256', 'RS256', 'PS256', 'EdDSA'])('is signed by %s', async (alg) => {
    const claims = await aVerifier().verify(await aBearer({}, pairs.get(alg)))
    expect(claims).toMatchObject({ iss: issuer, sub: 'person-1', client_id: 'client-1', scope: 'posts:read' })
  })

  test.each(['at+jwt', 'AT+JWT', 'application/at+jwt'])('has the type %s', async (typ) => {
    expect(await aVerifier().verify(await aBearer({ header: { typ } }))).toMatchObject({ jti: 'token-1' })
  })

  test.each(['JWT', 'at+jwt'])('has the type %s if the API is registered with JWT', async (typ) => {
    const verifier = aVerifier({ accessTokenTyp: 'JWT' })
    expect(await verifier.verify(await aBearer({ header: { typ } }))).toMatchObject({ jti: 'token-1' })
  })

  test('may name the audience in an array of one', async () => {
    expect(await aVerifier().verify(await aBearer({ claims: { aud: [audience] } }))).toMatchObject({ sub: 'person-1' })
  })

  test('may have no scope', async () => {
    expect(await aVerifier().verify(await aBearer({ without: ['scope'] }))).toMatchObject({ sub: 'person-1' })
  })

  test('may have spaces around it in its header', async () => {
    const token = await anAccessToken(issuer, es256)
    expect(await aVerifier().verify(` Bearer \t ${token} `)).toMatchObject({ sub: 'person-1' })
  })

  test('may be off by the clock tolerance', async () => {
    const claims = { exp: seconds() - 3, iat: seconds() + 3, nbf: seconds() + 3 }
    expect(await aVerifier().verify(await aBearer({ claims }))).toMatchObject(claims)
  })

  test('comes in the Authorization header of a request, whatever the case of the scheme', async () => {
    const authorization = (await aBearer()).replace('Bearer', 'bEaReR')
    expect(await aVerifier().verify({ headers: { authorization } })).toMatchObject({ sub: 'person-1' })
  })

  test('has every scope that is asked for, by the verifier and by the request', async () => {
    const verifier = aVerifier({ scope: 'posts:read' })
    const bearer = await aBearer({ claims: { scope: 'posts:read posts:write' } })
    expect(await verifier.verify(bearer, { scope: ['posts:write'] })).toMatchObject({ sub: 'person-1' })
  })
})

describe('a request without a usable Authorization header', () => {
  test.each([undefined, '', 'Basic Y2xpZW50OnNlY3JldA==', 'DPoP abc'])(
    'gets the bare challenge without an error code: %s',
    async (header) => {
      const refused = await refusal(aVerifier({ scope: 'posts:read' }).verify(header))
      expect(refused).toMatchObject({ status: 401, error: undefined, body: '' })
      expect(refused.challenge).toBe(`Bearer scope="posts:read", ${metadata}`)
    },
  )

  test('is not helped by a token in the query or the body', async () => {
    const token = await anAccessToken(issuer, es256)
    const request = { headers: {}, url: `/posts?access_token=${token}`, body: { access_token: token } }
    expect(await refusal(aVerifier().verify(request))).toMatchObject({ status: 401, error: undefined })
  })

  test.each(['Bearer', 'Bearer a b', 'Bearer "quoted"', 'Bearer a,b', 'Bearer ü'])(
    'is told that it is malformed: %s',
    async (header) => {
      const refused = await expectRefused(
        aVerifier().verify(header),
        400,
        'invalid_request',
        'The Authorization header must be the word Bearer, one space and the access token.',
      )
      expect(refused.challenge).toContain(metadata)
    },
  )

  test('is refused when there are two', async () => {
    const bearer = await aBearer()
    const request = { headers: { authorization: bearer }, headersDistinct: { authorization: [bearer, 'Bearer x'] } }
    const sentence = 'The request has more than one Authorization header.'
    await expectRefused(aVerifier().verify(request), 400, 'invalid_request', sentence)
  })
})

test.each([undefined, 'dpop+jwt', 'logout+jwt', 'jwt'])(
  'a token of the type %s is refused if the API is registered with JWT',
  async (typ) => {
    const verifying = aVerifier({ accessTokenTyp: 'JWT' }).verify(await aBearer({ header: { typ } }))
    const sentence = 'The token is not an access token: its typ must be at+jwt or JWT.'
    await expectRefused(verifying, 401, 'invalid_token', sentence)
  },
)

test('the option accessTokenTyp accepts no other value', () => {
  expect(() => aVerifier({ accessTokenTyp: 'jwt' as 'JWT' })).toThrow(
    'the option accessTokenTyp must be at+jwt or JWT, not jwt',
  )
})

describe('an invalid token', () => {
  const cases: [string, TokenParts, string][] = [
    ['is an ID token', { header: { typ: 'JWT' } }, 'The token is not an access token: its typ must be at+jwt.'],
    ['has no type', { header: { typ: undefined } }, 'The token is not an access token: its typ must be at+jwt.'],
    [
      'is from another issuer',
      { claims: { iss: 'https://other.example' } },
      `The access token was not issued by ${issuer}.`,
    ],
    ['is for another API', { claims: { aud: 'https://x.example' } }, `The access token is not for ${audience}.`],
    [
      'is for several APIs',
      { claims: { aud: [audience, 'https://x.example'] } },
      `The access token is for several audiences; this API accepts tokens for ${audience} alone.`,
    ],
    ['has expired', { claims: { exp: seconds() - 60 } }, 'The access token has expired.'],
    ['is not valid yet', { claims: { nbf: seconds() + 60 } }, 'The access token is not valid yet (nbf).'],
    ['is from the future', { claims: { iat: seconds() + 60 } }, 'The access token was issued in the future.'],
    ...['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id'].map((name): [string, TokenParts, string] => [
      `has no ${name}`,
      { without: [name] },
      `The access token has no ${name}.`,
    ]),
    ['has an empty subject', { claims: { sub: '' } }, 'The access token has no valid sub.'],
    ['has a number as client_id', { claims: { client_id: 7 } }, 'The access token has no valid client_id.'],
    ['has a scope in an array', { claims: { scope: ['posts:read'] } }, 'The access token has no valid scope.'],
    ['has a number as acr', { claims: { acr: 1 } }, 'The access token has no valid acr.'],
    ['has a text as auth_time', { claims: { auth_time: 'now' } }, 'The access token has no valid auth_time.'],
    ['has null as auth_time', { claims: { auth_time: null } }, 'The access token has no valid auth_time.'],
    [
      'tells of a sign-in in the future',
      { claims: { auth_time: seconds() + 60 } },
      'The access token says that the sign-in is in the future (auth_time).',
    ],
    [
      'is bound to a DPoP key',
      { claims: { cnf: { jkt: 'abc' } } },
      'The access token is bound to a key and cannot be used as a bearer token.',
    ],
    [
      'is bound to a certificate',
      { claims: { cnf: { 'x5t#S256': 'abc' } } },
      'The access token is bound to a certificate and cannot be used as a bearer token.',
    ],
  ]

  test.each(cases)('%s', async (_what, parts, sentence) => {
    await expectRefused(aVerifier().verify(await aBearer(parts)), 401, 'invalid_token', sentence)
  })

  test('is signed by an algorithm that is not allowed', async () => {
    await expectRefused(
      aVerifier().verify(await aBearer({}, pairs.get('ES384'))),
      401,
      'invalid_token',
      'The access token is signed by an algorithm that is not allowed; allowed are ES256, RS256, PS256, EdDSA.',
    )
  })

  test.each(['none', 'HS256'])('is forged with %s and the public key', async (alg) => {
    const [, payload] = (await anAccessToken(issuer, es256)).split('.')
    const head = base64url.encode(JSON.stringify({ alg, typ: 'at+jwt', kid: es256.kid }))
    const secret = JSON.stringify(es256.publicJwk)
    const mac = alg === 'none' ? '' : createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url')
    const sentence =
      'The access token is signed by an algorithm that is not allowed; allowed are ES256, RS256, PS256, EdDSA.'
    await expectRefused(aVerifier().verify(`Bearer ${head}.${payload}.${mac}`), 401, 'invalid_token', sentence)
  })

  test('was altered after it was signed', async () => {
    const [head, payload, signature] = (await anAccessToken(issuer, es256)).split('.')
    const claims = JSON.parse(Buffer.from(payload as string, 'base64url').toString()) as object
    const altered = base64url.encode(JSON.stringify({ ...claims, scope: 'posts:read posts:write' }))
    const sentence = 'The signature of the access token is not valid.'
    await expectRefused(aVerifier().verify(`Bearer ${head}.${altered}.${signature}`), 401, 'invalid_token', sentence)
  })

  test('is signed by a stranger who names a key of the issuer', async () => {
    const stranger = { ...(await aSigningPair('x')), kid: es256.kid }
    const sentence = 'The signature of the access token is not valid.'
    await expectRefused(aVerifier().verify(await aBearer({}, stranger)), 401, 'invalid_token', sentence)
  })

  test('brings its own key', async () => {
    const stranger = await aSigningPair('x')
    const bearer = await aBearer({ header: { jwk: stranger.publicJwk, jku: 'https://x.example/jwks' } }, stranger)
    const sentence = 'The access token is signed by a key the issuer does not publish.'
    await expectRefused(aVerifier().verify(bearer), 401, 'invalid_token', sentence)
  })

  test('is longer than 16384 characters', async () => {
    const bearer = await aBearer({ claims: { blob: 'a'.repeat(16_384) } })
    await expectRefused(aVerifier().verify(bearer), 401, 'invalid_token', 'The access token is too long.')
    const shorter = await refusal(aVerifier().verify(`Bearer ${'a'.repeat(16_384)}`))
    expect(shorter.error_description).toBe('The access token is not a well-formed JWT.')
  })

  test('is any other text: it is refused and never taken for a failure of the API', async () => {
    const verifier = aVerifier()
    const part = oneof(string(), json(), constantFrom('', '{}', '{"alg":"ES256"}', '{"alg":"ES256","crit":["x"]}'))
    await assert(
      asyncProperty(
        array(
          part.map((text) => base64url.encode(text)),
          { maxLength: 5 },
        ),
        async (parts) => {
          const refused = await refusal(verifier.verify(`Bearer ${parts.join('.')}`))
          expect([400, 401]).toContain(refused.status)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a valid token that does not suffice', () => {
  test('lacks a scope: 403 names what is missing and what is needed', async () => {
    const refused = await expectRefused(
      aVerifier({ scope: 'posts:read' }).verify(await aBearer(), { scope: 'posts:write' }),
      403,
      'insufficient_scope',
      'The access token lacks the scope posts:write.',
    )
    expect(refused.challenge).toContain(`scope="posts:read posts:write", ${metadata}`)
  })

  test('does not have a scope of which it has only a part of the name', async () => {
    const bearer = await aBearer({ claims: { scope: 'posts:readonly' } })
    const sentence = 'The access token lacks the scope posts:read.'
    await expectRefused(aVerifier({ scope: 'posts:read' }).verify(bearer), 403, 'insufficient_scope', sentence)
  })
})
