/** The rules for request objects at their exact limits (RFC 9101, FAPI 2.0 Message Signing §5.3.1). */
import { describe, expect, test } from 'vitest'
import { requestObjectFault, type RequestObjectContext } from '#oidc/engine/request-object.ts'
import { aClient, NOW, RIGHT } from '../support/assertion-fault.ts'

const CONTEXT: RequestObjectContext = { issuer: RIGHT.aud, now: NOW, restoredAt: NOW - 86_400, isBackchannel: false }
const OBJECT = { iss: 'cli-1', aud: RIGHT.aud, iat: NOW, nbf: NOW, exp: NOW + 300, jti: 'once' }
const JWKS = { jwks: { keys: [{ kty: 'EC', kid: 'k1' }] } }

interface Bent {
  readonly claims?: object | string
  readonly header?: object | string
  readonly client?: ReturnType<typeof aClient>
  readonly context?: Partial<RequestObjectContext>
}

/** Claims and header may be objects or the JSON that was sent. */
function faultOf({ claims = OBJECT, header = { alg: 'ES256' }, ...also }: Bent = {}): string | undefined {
  const [head, body] = [header, claims].map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
  const part = (text = '') => Buffer.from(text).toString('base64url')
  return requestObjectFault({
    jwt: `${part(head)}.${part(body)}.AA`,
    header: JSON.parse(head ?? '') as Record<string, unknown>,
    claims: JSON.parse(body ?? '') as Record<string, unknown>,
    client: also.client ?? aClient('web', JWKS),
    context: { ...CONTEXT, ...also.context },
  })
}

const said = (sentence: string) => `request object: ${sentence}`
const FAPI = aClient('fapi2', JWKS)

describe('the header', () => {
  const typ = (given: string) => `typ is ${given}; it must be "oauth-authz-req+jwt", "JWT" or absent`
  test.each([
    [{ typ: 'JWT' }, undefined],
    [{ typ: 'oauth-authz-req+jwt' }, undefined],
    [{ typ: 'OAuth-Authz-Req+JWT' }, undefined],
    [{ typ: 'dpop+jwt' }, typ('"dpop+jwt"')],
    [{ typ: 7 }, typ('7')],
    [{ kid: 'k1' }, undefined],
    [{ kid: 1 }, 'kid is 1; it must be a text, or absent'],
    [{ alg: 'none' }, 'alg is "none"; it must be RS256 or PS256 or ES256 or EdDSA'],
    [{ alg: undefined }, 'alg is missing; it must be RS256 or PS256 or ES256 or EdDSA'],
    [{ alg: 'RS256' }, undefined],
  ])('%j', (header, fault) => {
    expect(faultOf({ header: { alg: 'ES256', ...header } })).toBe(fault && said(fault))
  })

  test('RS256 is refused of a client with a FAPI profile', () => {
    const fault = said('alg is "RS256"; it must be PS256 or ES256 or EdDSA')
    expect(faultOf({ header: { alg: 'RS256' }, client: FAPI })).toBe(fault)
  })

  test('any is refused of a client without keys, and not of one whose keys are elsewhere', () => {
    const fault = said('the client has no keys that could have signed it: register them as jwks or jwks_uri')
    expect(faultOf({ client: aClient('web') })).toBe(fault)
    expect(faultOf({ client: aClient('web', { jwks_uri: 'https://shop.example.com/jwks' }) })).toBeUndefined()
  })
})

describe('the claims', () => {
  const time = (name: string, given: string) => `${name} is ${given}; it must be a time in seconds`
  const jti = (given: string) => `jti is ${given}; it must be a text of 1 to 512 characters, or absent`
  test.each([
    [{ iss: 'cli-2' }, 'iss is "cli-2"; it must be the client_id'],
    [{ iss: undefined }, 'iss is missing; it must be the client_id'],
    [{ sub: 'acc-1' }, undefined],
    [{ sub: 'cli-1' }, 'sub is the client_id, as in a client assertion; leave it out'],
    [{ aud: 'https://x' }, `aud is "https://x"; it must be the issuer ${RIGHT.aud}`],
    [{ aud: undefined }, `aud is missing; it must be the issuer ${RIGHT.aud}`],
    [{ aud: ['https://x'] }, `aud is ["https://x"]; it must be the issuer ${RIGHT.aud}`],
    [{ aud: ['https://x', RIGHT.aud] }, undefined],
    [{ exp: '1' }, time('exp', '"1"')],
    [{ nbf: '1' }, time('nbf', '"1"')],
    [{ iat: '1' }, time('iat', '"1"')],
    [{ jti: 7 }, jti('7')],
    [{ jti: '' }, jti('""')],
    [{ jti: 'x'.repeat(512) }, undefined],
    [{ jti: 'x'.repeat(513) }, jti(`"${'x'.repeat(199)}…`)],
    [{ jti: undefined, exp: undefined }, undefined],
    [{ exp: undefined }, 'exp is required with jti: the time it ends, in seconds'],
    [{ exp: NOW - 14 }, undefined],
    [{ exp: NOW - 15 }, 'it expired 15 s ago (exp); make a new one for each request'],
    [{ nbf: NOW + 15 }, undefined],
    [{ nbf: NOW + 16 }, 'nbf is 16 s ahead of this server'],
    [{ exp: NOW + 3615 }, undefined],
    [{ exp: NOW + 3616 }, 'it ends 3616 s from now (exp); with jti at most 3600 s are allowed'],
  ])('%j', (claims, fault) => {
    expect(faultOf({ claims: { ...OBJECT, ...claims } })).toBe(fault && said(fault))
  })

  test.each([
    [{}, undefined],
    [{ exp: undefined, jti: undefined }, 'exp is required: the time it ends, in seconds'],
    [{ nbf: undefined }, 'nbf is required: the time from which it counts, in seconds'],
    [{ nbf: NOW - 3600, exp: NOW }, undefined],
    [{ nbf: NOW - 3601, exp: NOW }, 'nbf is 3601 s ago; at most 3600 s are allowed'],
    [{ nbf: NOW - 3000, exp: NOW + 601 }, 'it lives 3601 s from nbf to exp; at most 3600 s are allowed'],
  ])('of a client with a FAPI profile: %j', (claims, fault) => {
    expect(faultOf({ claims: { ...OBJECT, ...claims }, client: FAPI })).toBe(fault && said(fault))
  })
})

test('the one algorithm that is registered is the only one', () => {
  const client = aClient('web', { ...JWKS, request_object_signing_alg: 'PS256' })
  expect(faultOf({ client })).toBe(said('alg is "ES256"; it must be PS256'))
  expect(faultOf({ client, header: { alg: 'PS256' } })).toBeUndefined()
  expect(faultOf()).toBeUndefined()
})

test('a name that stands twice is found in the header and in the claims', () => {
  const twice = (text: string) => text.replace('{', '{"scope" : "openid", "scope": "all", ')
  const fault = said('"scope" stands in it twice; each name may stand once')
  expect(faultOf({ claims: twice(JSON.stringify(OBJECT)) })).toBe(fault)
  expect(faultOf({ header: twice('{"alg":"ES256"}') })).toBe(fault)
})

test('one with a jti that may be older than the last restore is refused: nobody knows whether it was used', () => {
  const fault = said('it may have been made before this server was restored; make a new one')
  const restored = (claims: object) => faultOf({ claims, context: { restoredAt: NOW - 10 } })
  expect(restored({ ...OBJECT, iat: NOW - 10, nbf: undefined })).toBe(fault)
  expect(restored({ ...OBJECT, iat: undefined, nbf: undefined })).toBe(fault)
  expect(restored({ ...OBJECT, iat: NOW - 9, nbf: undefined })).toBeUndefined()
  expect(restored({ ...OBJECT, iat: undefined, nbf: NOW - 9 })).toBeUndefined()
  // at most an hour lies between its end and when it was made
  expect(restored({ ...OBJECT, iat: undefined, nbf: undefined, exp: NOW + 3591 })).toBeUndefined()
  expect(restored({ ...OBJECT, iat: undefined, nbf: undefined, jti: undefined })).toBeUndefined()
})

describe('a signed authentication request (CIBA §7.1.1)', () => {
  const context = { isBackchannel: true }

  test('has the claims with which it ends and is used once', () => {
    expect(faultOf({ context })).toBeUndefined()
    for (const name of ['exp', 'iat', 'nbf', 'jti']) {
      const claims = { ...OBJECT, [name]: undefined }
      expect(faultOf({ claims, context })).toBe(said(`${name} is required in an authentication request`))
    }
    expect(faultOf({ claims: { ...OBJECT, iat: undefined } })).toBeUndefined()
  })

  test('is signed as it is registered for such requests', () => {
    const client = aClient('web', { ...JWKS, backchannel_authentication_request_signing_alg: 'PS256' })
    expect(faultOf({ client, context })).toBe(said('alg is "ES256"; it must be PS256'))
    expect(faultOf({ client })).toBeUndefined()
  })
})
