/** The rules for request objects that no single request shows (RFC 9101): one algorithm, names once, a restore, limits. */
import { expect, test } from 'vitest'
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

test('the one algorithm that is registered is the only one', () => {
  const client = aClient('web', { ...JWKS, request_object_signing_alg: 'PS256' })
  expect(faultOf({ client })).toBe('request object: alg is "ES256"; it must be PS256')
  expect(faultOf({ client, header: { alg: 'PS256' } })).toBeUndefined()
  expect(faultOf()).toBeUndefined()
})

test('a name that stands twice is found in the header and in the claims', () => {
  const twice = (text: string) => text.replace('{', '{"scope" : "openid", "scope": "all", ')
  const fault = 'request object: "scope" stands in it twice; each name may stand once'
  expect(faultOf({ claims: twice(JSON.stringify(OBJECT)) })).toBe(fault)
  expect(faultOf({ header: twice('{"alg":"ES256"}') })).toBe(fault)
})

test('one with a jti that may be older than the last restore is refused: nobody knows whether it was used', () => {
  const fault = 'request object: it may have been made before this server was restored; make a new one'
  const restored = (claims: object) => faultOf({ claims, context: { restoredAt: NOW - 10 } })
  expect(restored({ ...OBJECT, iat: NOW - 10, nbf: undefined })).toBe(fault)
  expect(restored({ ...OBJECT, iat: undefined, nbf: undefined })).toBe(fault)
  expect(restored({ ...OBJECT, iat: NOW - 9, nbf: undefined })).toBeUndefined()
  expect(restored({ ...OBJECT, iat: undefined, nbf: NOW - 9 })).toBeUndefined()
  // at most an hour lies between its end and when it was made
  expect(restored({ ...OBJECT, iat: undefined, nbf: undefined, exp: NOW + 3591 })).toBeUndefined()
  expect(restored({ ...OBJECT, iat: undefined, nbf: undefined, jti: undefined })).toBeUndefined()
})

test('clocks may differ by 15 s, and no more', () => {
  expect(faultOf({ claims: { ...OBJECT, exp: NOW - 14 } })).toBeUndefined()
  expect(faultOf({ claims: { ...OBJECT, exp: NOW - 15 } })).toMatch(/it expired 15 s ago/)
  expect(faultOf({ claims: { ...OBJECT, nbf: NOW + 15 } })).toBeUndefined()
  expect(faultOf({ claims: { ...OBJECT, nbf: NOW + 16 } })).toMatch(/nbf is 16 s ahead/)
  expect(faultOf({ claims: { ...OBJECT, exp: NOW + 3615 } })).toBeUndefined()
  expect(faultOf({ claims: { ...OBJECT, exp: NOW + 3616 } })).toMatch(/it ends 3616 s from now/)
})

test('the issuer may be one of several audiences', () => {
  expect(faultOf({ claims: { ...OBJECT, aud: ['https://other.example', RIGHT.aud] } })).toBeUndefined()
  expect(faultOf({ claims: { ...OBJECT, aud: ['https://other.example'] } })).toMatch(/^request object: aud is/)
})
