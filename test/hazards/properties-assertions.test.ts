/** What holds of every client assertion: whatever stands in it, only one that keeps all rules passes, and none throws. */
import { anything, array, assert, constantFrom, double, integer, jsonValue, oneof, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Profile } from '#clients/profiles.ts'
import { aClient, CONTEXT, faultOf, NOW, RIGHT } from '../support/assertion-fault.ts'

const RUNS = { numRuns: 1000 }
const ISSUER = CONTEXT.issuer
const BY_ENDPOINT = { signet_assertion_audience: 'token_endpoint' }

const profile = constantFrom<Profile>('web', 'machine', 'fapi2')
const value = oneof(
  jsonValue(),
  constantFrom(ISSUER, `${ISSUER}/`, `${ISSUER}/token`, [ISSUER], [`${ISSUER}/par`], [ISSUER, ISSUER], 'cli-1'),
)

describe('a client assertion', () => {
  test('that is right passes, whatever else it carries', () => {
    assert(
      property(jsonValue(), profile, (extra, kind) => {
        expect(faultOf({ ...RIGHT, extra }, { alg: 'ES256' }, { client: aClient(kind) })).toBeUndefined()
      }),
      RUNS,
    )
  })

  test('passes with no audience but the issuer, or an endpoint of it where its client was registered so', () => {
    assert(
      property(value, profile, constantFrom(true, false), (aud, kind, byEndpoint) => {
        const fapi = kind === 'fapi2'
        const only: unknown = !fapi && Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
        const right =
          only === ISSUER || (!fapi && byEndpoint && (only === CONTEXT.tokenEndpoint || only === CONTEXT.endpoint))
        const client = aClient(kind, byEndpoint ? BY_ENDPOINT : {})
        const fault = faultOf({ ...RIGHT, aud }, { alg: 'ES256' }, { client })
        if (right) expect(fault).toBeUndefined()
        else expect(fault).toMatch(/^client assertion: aud is /)
      }),
      RUNS,
    )
  })

  test('passes in no time but its own', () => {
    const time = oneof(integer({ min: NOW - 5000, max: NOW + 5000 }), double({ noNaN: true, min: -1e12, max: 1e12 }))
    assert(
      property(time, time, profile, (iat, exp, kind) => {
        const most = kind === 'fapi2' ? 300 : 3600
        const right = exp > NOW - 15 && iat <= NOW + 60 && exp - iat <= most
        const fault = faultOf({ ...RIGHT, iat, exp }, { alg: 'ES256' }, { client: aClient(kind) })
        expect(fault === undefined).toBe(right)
      }),
      RUNS,
    )
  })

  test('without iat passes in no time but its own', () => {
    const time = oneof(integer({ min: NOW - 5000, max: NOW + 5000 }), double({ noNaN: true, min: -1e12, max: 1e12 }))
    assert(
      property(time, profile, (exp, kind) => {
        const right = kind !== 'fapi2' && exp > NOW - 15 && exp - NOW <= 3600
        const fault = faultOf({ ...RIGHT, iat: undefined, exp }, { alg: 'ES256' }, { client: aClient(kind) })
        expect(fault === undefined).toBe(right)
      }),
      RUNS,
    )
  })

  test.each(['iss', 'sub', 'iat', 'exp', 'jti'])(
    'with any other kind of value as its %s is refused in words',
    (name) => {
      assert(
        property(value, (given) => {
          const fault = faultOf({ ...RIGHT, [name]: given })
          const isText = typeof given === 'string' && given !== '' && given.length <= 512
          const right = name === 'jti' ? isText : name === 'iss' || name === 'sub' ? given === 'cli-1' : false
          if (typeof given === 'number' && (name === 'iat' || name === 'exp')) return
          if (right) expect(fault).toBeUndefined()
          else expect(fault).toMatch(/^client assertion: \w+ .+/)
        }),
        RUNS,
      )
    },
  )

  test('that names a member twice is refused, wherever it stands', () => {
    assert(
      property(
        constantFrom(...Object.keys(RIGHT)),
        jsonValue(),
        constantFrom('claims', 'header'),
        (name, other, where) => {
          const twice = (text: string) =>
            text.replace('{', () => `{${JSON.stringify(name)}:${JSON.stringify(other)},${JSON.stringify(name)}:1,`)
          const texts = { header: JSON.stringify({ alg: 'ES256' }), claims: JSON.stringify(RIGHT) }
          texts[where] = twice(texts[where])
          expect(faultOf(texts.claims, texts.header)).toBe(
            `client assertion: "${name}" stands in it twice; each name may stand once`,
          )
        },
      ),
      RUNS,
    )
  })

  test('of any header and any claims gets an answer of bounded length, and nothing is thrown', () => {
    const object = oneof(anything(), jsonValue()).map((given) => {
      const text = JSON.stringify(given, (_, inner: unknown) => (typeof inner === 'bigint' ? 0 : inner))
      const read: unknown = text === undefined ? {} : JSON.parse(text)
      return typeof read === 'object' && read !== null ? read : {}
    })
    assert(
      property(object, object, array(string({ maxLength: 3000 }), { maxLength: 2 }), (header, claims, [aud]) => {
        const fault = faultOf({ ...RIGHT, ...(aud === undefined ? {} : { aud }), ...claims }, header)
        expect((fault ?? '').length).toBeLessThan(700)
      }),
      RUNS,
    )
  })
})
