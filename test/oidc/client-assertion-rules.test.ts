/** The rules for client assertions at their exact limits (RFC 7523, RFC 10070). */
import { describe, expect, test } from 'vitest'
import { aClient, CONTEXT, faultOf, NOW, RIGHT } from '../support/assertion-fault.ts'

const ES256 = { alg: 'ES256' }
const { issuer, tokenEndpoint, endpoint } = CONTEXT
const FAPI = { client: aClient('fapi2') }
const BY_ENDPOINT = { client: aClient('machine', { signet_assertion_audience: 'token_endpoint' }) }
const said = (sentence: string) => `client assertion: ${sentence}`

describe('the header', () => {
  test.each([
    [{ typ: 'JWT' }, undefined],
    [{ typ: 'client-authentication+jwt' }, undefined],
    [{ typ: 'Client-Authentication+JWT' }, undefined],
    [{ typ: 'at+jwt' }, 'typ is "at+jwt"; it must be absent, "JWT" or "client-authentication+jwt"'],
    [{ typ: 7 }, 'typ is 7; it must be absent, "JWT" or "client-authentication+jwt"'],
    [{ typ: 'x'.repeat(198) }, `typ is "${'x'.repeat(198)}"; it must be absent, "JWT" or "client-authentication+jwt"`],
    [{ typ: 'x'.repeat(199) }, `typ is "${'x'.repeat(199)}…; it must be absent, "JWT" or "client-authentication+jwt"`],
    [{ kid: 'k1' }, undefined],
    [{ kid: 1 }, 'kid is 1; it must be a text, or absent'],
    [{ kid: null }, 'kid is null; it must be a text, or absent'],
  ])('%j', (header, fault) => {
    expect(faultOf(RIGHT, { ...ES256, ...header })).toBe(fault && said(fault))
  })

  test('RS256 is refused of a client with a FAPI profile, and of no other', () => {
    expect(faultOf(RIGHT, { alg: 'RS256' }, FAPI)).toBe(said('alg is "RS256"; it must be PS256, ES256 or EdDSA'))
    expect(faultOf(RIGHT, { alg: 'PS256' }, FAPI)).toBeUndefined()
    expect(faultOf(RIGHT, { alg: 'RS256' })).toBeUndefined()
  })
})

test('a member that stands twice is found in the header and in the claims, however they are written', () => {
  const twice = (text: string) => text.replace('{', '{"jti" : "other", "jti": 1, ')
  const fault = said('"jti" stands in it twice; each name may stand once')
  expect(faultOf(twice(JSON.stringify(RIGHT)))).toBe(fault)
  expect(faultOf(RIGHT, twice('{"alg":"ES256"}'))).toBe(fault)
  expect(faultOf(JSON.stringify(RIGHT, undefined, 2), '{ "alg": "ES256" }')).toBeUndefined()
})

describe('the audience', () => {
  const must = (also = '') => `it must be the issuer ${issuer}${also}, as the only value`
  const wayOut = '; for a library that sends this, register the client with --assertion-audience token-endpoint'
  const orEndpoint = ` or the token endpoint ${tokenEndpoint}`
  test.each([
    ['of any client', {}, issuer, undefined],
    ['of any client', {}, [issuer], undefined],
    ['of any client', {}, [], `aud is []; ${must()}`],
    ['of any client', {}, undefined, `aud is missing; ${must()}`],
    ['of any client', {}, [issuer, issuer], `aud is ["${issuer}","${issuer}"]; ${must()}`],
    ['of any client', {}, tokenEndpoint, `aud is "${tokenEndpoint}"; ${must()}${wayOut}`],
    ['of any client', {}, [endpoint], `aud is ["${endpoint}"]; ${must()}${wayOut}`],
    ['of any client', {}, 'https://x', `aud is "https://x"; ${must()}`],
    ['of one that is registered for the endpoint', BY_ENDPOINT, tokenEndpoint, undefined],
    ['of one that is registered for the endpoint', BY_ENDPOINT, [endpoint], undefined],
    ['of one that is registered for the endpoint', BY_ENDPOINT, issuer, undefined],
    ['of one that is registered for the endpoint', BY_ENDPOINT, 'https://x', `aud is "https://x"; ${must(orEndpoint)}`],
    ['of a FAPI client', FAPI, issuer, undefined],
    ['of a FAPI client', FAPI, [issuer], `aud is ["${issuer}"]; ${must()}`],
    ['of a FAPI client', FAPI, tokenEndpoint, `aud is "${tokenEndpoint}"; ${must()}`],
  ])('%s (%j) may be or not be %j', (_who, of, aud, fault) => {
    expect(faultOf({ ...RIGHT, aud }, ES256, of)).toBe(fault && said(fault))
  })

  test('of a FAPI client is the issuer even if it is registered for the endpoint', () => {
    const client = aClient('fapi2', { signet_assertion_audience: 'token_endpoint' })
    expect(faultOf({ ...RIGHT, aud: tokenEndpoint }, ES256, { client })).toBe(
      said(`aud is "${tokenEndpoint}"; ${must()}`),
    )
  })
})

test.each([
  ['iss', 'cli-2', 'iss is "cli-2"; it must be the client_id'],
  ['sub', undefined, 'sub is missing; it must be the client_id'],
  ['jti', '', 'jti is required: a text of 1 to 512 characters, new for each assertion'],
  ['jti', 7, 'jti is required: a text of 1 to 512 characters, new for each assertion'],
  ['jti', 'x'.repeat(513), 'jti is required: a text of 1 to 512 characters, new for each assertion'],
  ['jti', 'x'.repeat(512), undefined],
  ['jti', 'x', undefined],
])('%s of %j', (name, value, fault) => {
  expect(faultOf({ ...RIGHT, [name]: value })).toBe(fault && said(fault))
})

describe('the times', () => {
  const EXPIRED = 'it expired 15 s ago (exp); make a new one for each request'
  const AHEAD = 'is 61 s ahead of this server; at most 60 s are allowed'
  test.each([
    ['an end of now', { exp: NOW }, undefined],
    ['an end 14 s ago', { iat: NOW - 60, exp: NOW - 14 }, undefined],
    ['an end 15 s ago', { iat: NOW - 60, exp: NOW - 15 }, EXPIRED],
    ['an end 15.5 s ago', { iat: NOW - 60, exp: NOW - 15.5 }, EXPIRED],
    ['no end', { exp: undefined }, 'exp is required: the time it ends, in seconds'],
    ['an end in words', { exp: 'soon' }, 'exp is required: the time it ends, in seconds'],
    ['a beginning in words', { iat: 'now' }, 'iat is required: the time it was made, in seconds'],
    ['a beginning in 60 s', { iat: NOW + 60, exp: NOW + 90 }, undefined],
    ['a beginning in 60.5 s', { iat: NOW + 60.5, exp: NOW + 90 }, `iat ${AHEAD}`],
    ['nbf in 60 s', { nbf: NOW + 60, exp: NOW + 90 }, undefined],
    ['nbf in 61 s', { nbf: NOW + 61, exp: NOW + 90 }, `nbf ${AHEAD}`],
    ['nbf in words', { nbf: 'now' }, 'nbf must be a time in seconds'],
    ['an hour', { exp: NOW + 3600 }, undefined],
    ['half a second more', { exp: NOW + 3600.5 }, 'it lives 3601 s from iat to exp; at most 3600 s are allowed'],
    ['an hour from now', { iat: undefined, exp: NOW + 3600 }, undefined],
    [
      'more than an hour from now',
      { iat: undefined, exp: NOW + 3601 },
      'it lives 3601 s from now to exp; at most 3600 s are allowed',
    ],
  ])('%s', (_what, times, fault) => {
    expect(faultOf({ ...RIGHT, ...times })).toBe(fault && said(fault))
  })

  test('a FAPI client must say when it was made, and gets five minutes', () => {
    const iat = said('iat is required: the time it was made, in seconds')
    expect(faultOf({ ...RIGHT, iat: undefined }, ES256, FAPI)).toBe(iat)
    expect(faultOf({ ...RIGHT, exp: NOW + 300 }, ES256, FAPI)).toBeUndefined()
    const long = said('it lives 301 s from iat to exp; at most 300 s are allowed')
    expect(faultOf({ ...RIGHT, exp: NOW + 301 }, ES256, FAPI)).toBe(long)
  })

  test.each([
    ['machine', 120, 120],
    ['machine', 5000, 3600],
    ['fapi2', 5000, 300],
    ['fapi2', 120, 120],
    ['machine', '120', 3600],
  ] as const)('a %s that registered %j may let it live for %d s', (profile, registered, most) => {
    const of = { client: aClient(profile, { signet_assertion_max_lifetime: registered }) }
    expect(faultOf({ ...RIGHT, exp: NOW + most }, ES256, of)).toBeUndefined()
    expect(faultOf({ ...RIGHT, exp: NOW + most + 1 }, ES256, of)).toContain(`at most ${most} s`)
  })
})

describe('after a restore', () => {
  const EARLIER = said('it was made before this server was restored, or within a minute after (iat); make a new one')
  const UNDATED = said('it may have been made before this server was restored; make a new one, with iat')
  const restoredAt = NOW - 1000
  const of = (client = aClient('machine')) => ({ client, context: { restoredAt } })

  test.each([
    ['made a minute after it', { iat: restoredAt + 60 }, EARLIER],
    ['made later', { iat: restoredAt + 61 }, undefined],
    ['valid from a minute after it', { iat: restoredAt, nbf: restoredAt + 60 }, EARLIER],
    ['valid from later', { iat: restoredAt, nbf: restoredAt + 61 }, undefined],
    ['undated, that may have been made a minute after it', { iat: undefined, exp: restoredAt + 60 + 3600 }, UNDATED],
    ['undated, that must have been made later', { iat: undefined, exp: restoredAt + 61 + 3600 }, undefined],
  ])('one %s', (_what, times, fault) => {
    expect(faultOf({ ...RIGHT, ...times }, ES256, of())).toBe(fault)
  })

  test('a shorter lifetime that was registered before it narrows when an undated one was made, a later one does not', () => {
    const client = (updatedAt: number) => aClient('machine', { signet_assertion_max_lifetime: 120 }, updatedAt)
    const undated = { ...RIGHT, iat: undefined }
    expect(faultOf(undated, ES256, of(client(restoredAt - 1)))).toBeUndefined()
    expect(faultOf(undated, ES256, of(client(restoredAt)))).toBe(UNDATED)
  })
})
