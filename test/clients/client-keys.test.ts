/** The public keys of clients: what is taken, what is refused, and that nothing private is told back. */
import { createECDH, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { checkJwks, usableKeys } from '#clients/client-keys.ts'
import type { Fault } from '#shared/app-error.ts'

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const rsa = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent })
const jwkOf = (key: { export(options: { format: 'jwk' }): JsonWebKey }) => key.export({ format: 'jwk' })
const P256 = ec('P-256')
const RSA = rsa(2048)

function check(jwks: unknown) {
  const faults: Fault[] = []
  const checked = checkJwks(jwks, faults)
  expect(checked === undefined).toBe(faults.length > 0)
  return { checked, faults }
}

function faultsOf(...keys: unknown[]) {
  return check({ keys }).faults.map(({ field, given, expected }) => [field, given, expected])
}

describe('keys that are taken', () => {
  test.each([
    ['P-256', jwkOf(P256.publicKey), ['ES256']],
    ['P-384', jwkOf(ec('P-384').publicKey), []],
    ['P-521', jwkOf(ec('P-521').publicKey), []],
    ['Ed25519', jwkOf(generateKeyPairSync('ed25519').publicKey), ['EdDSA']],
    ['RSA of 2048 bits', jwkOf(RSA.publicKey), ['RS256', 'PS256']],
  ])('%s', (_, key, algs) => {
    const { checked } = check({ keys: [{ ...key, kid: 'k' }] })
    expect(checked?.jwks.keys).toEqual([{ ...key, kid: 'k' }])
    expect([...(checked?.assertionAlgs ?? [])]).toEqual(algs)
  })

  test('one kept for encryption, or for another algorithm, signs no assertions', () => {
    const key = jwkOf(RSA.publicKey)
    expect(check({ keys: [{ ...key, use: 'enc' }] }).checked?.assertionAlgs.size).toBe(0)
    expect([...(check({ keys: [{ ...key, alg: 'PS256' }] }).checked?.assertionAlgs ?? [])]).toEqual(['PS256'])
  })

  test('one for Ed25519 signs assertions, and one for a key agreement does not', () => {
    const ed25519 = jwkOf(generateKeyPairSync('ed25519').publicKey)
    expect([...(check({ keys: [{ ...ed25519, alg: 'Ed25519' }] }).checked?.assertionAlgs ?? [])]).toEqual(['EdDSA'])
    expect(check({ keys: [{ ...jwkOf(P256.publicKey), alg: 'ECDH-ES' }] }).checked?.assertionAlgs.size).toBe(0)
  })

  test.each([
    { kid: ' ' },
    { kid: 'x'.repeat(256) },
    { use: 'sig' },
    { use: 'enc' },
    { alg: 'ES256' },
    { key_ops: [] },
    { key_ops: ['verify', 'encrypt'] },
    { x5t: 'abc', 'x5t#S256': 'A_-9' },
  ])('one with %j', (members) => {
    const key = { ...jwkOf(P256.publicKey), ...members }
    expect(check({ keys: [key] }).checked?.jwks.keys).toEqual([key])
  })

  test.each([
    ['2048 bits', Buffer.alloc(256, 0xff), 'AQAB'],
    ['8192 bits', Buffer.alloc(1024, 0xff), 'AQAB'],
    ['the exponent 3', Buffer.alloc(256, 0xff), 'Aw'],
  ])('an RSA key with %s', (_what, modulus, e) => {
    expect(faultsOf({ kty: 'RSA', n: modulus.toString('base64url'), e })).toEqual([])
  })

  test('twenty', () => {
    const keys = Array.from({ length: 20 }, (_, at) => ({ ...jwkOf(P256.publicKey), kid: `k${at}` }))
    expect(check({ keys }).checked?.jwks.keys).toHaveLength(20)
  })

  test('several without a kid', () => {
    expect(check({ keys: [jwkOf(P256.publicKey), jwkOf(RSA.publicKey)] }).checked?.jwks.keys).toHaveLength(2)
  })

  test('without members that no key has', () => {
    const key = { ...jwkOf(P256.publicKey), jku: 'https://evil.example', x5u: 'https://evil.example', note: '\u0000' }
    expect(check({ keys: [key] }).checked?.jwks.keys).toStrictEqual([jwkOf(P256.publicKey)])
  })
})

describe('keys that are refused', () => {
  test.each([
    ['EC', jwkOf(P256.privateKey), 'd'],
    ['RSA', jwkOf(RSA.privateKey), 'd'],
    ['Ed25519', jwkOf(generateKeyPairSync('ed25519').privateKey), 'd'],
    ['RSA factors without d', { ...jwkOf(RSA.privateKey), d: undefined }, 'd'],
    ['a factor alone', { ...jwkOf(RSA.publicKey), q: 'AQAB' }, 'q'],
  ])('a private %s key, by the name of the member and without its value', (_, key, member) => {
    const { faults } = check({ keys: [key] })
    expect(faults).toEqual([
      {
        field: `jwks.keys[0].${member}`,
        given: '(not shown)',
        expected: 'the public key only; make a new key, this one was sent',
      },
    ])
    const told = JSON.stringify(faults)
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const) {
      if (typeof key[name] === 'string') expect(told).not.toContain(key[name])
    }
  })

  test('a symmetric key, without its value', () => {
    const { faults } = check({ keys: [{ kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQ' }] })
    expect(faults[0]).toMatchObject({ field: 'jwks.keys[0].kty', given: 'oct' })
    expect(JSON.stringify(faults)).not.toContain('c2VjcmV0')
  })

  test('a point that is not on its curve', () => {
    const key = jwkOf(P256.publicKey)
    const wrong = { ...key, y: key.x }
    expect(faultsOf(wrong)).toEqual([
      ['jwks.keys[0]', 'EC P-256', 'a valid public key; an EC point must lie on its curve'],
    ])
    const zero = Buffer.alloc(32).toString('base64url')
    expect(faultsOf({ kty: 'EC', crv: 'P-256', x: zero, y: zero })).toHaveLength(1)
  })

  test('curves and kinds that nobody signs with here', () => {
    const curve = createECDH('secp256k1').generateKeys()
    const part = (from: number) => curve.subarray(from, from + 32).toString('base64url')
    const kinds = 'a public key of the kind RSA, EC P-256, EC P-384, EC P-521, OKP Ed25519'
    expect(faultsOf({ kty: 'EC', crv: 'secp256k1', x: part(1), y: part(33) })).toEqual([
      ['jwks.keys[0].kty', 'EC secp256k1', kinds],
    ])
    expect(faultsOf(jwkOf(generateKeyPairSync('x25519').publicKey))).toEqual([
      ['jwks.keys[0].kty', 'OKP X25519', kinds],
    ])
    expect(faultsOf({ kty: 'constructor' }, { kty: '__proto__' }, {})).toHaveLength(3)
  })

  test('RSA keys that are too short or have a weak exponent', () => {
    expect(faultsOf(jwkOf(rsa(1024).publicKey))).toEqual([['jwks.keys[0].n', '1024 bits', '2048 to 8192 bits']])
    expect(faultsOf({ ...jwkOf(RSA.publicKey), e: 'AQ' })).toEqual([
      ['jwks.keys[0].e', '1', 'an odd exponent of 3 or more, usually 65537'],
    ])
  })

  test.each([
    ['2047 bits', Buffer.alloc(256, 0x7f), 'AQAB', 'n', '2047 bits', '2048 to 8192 bits'],
    [
      '8193 bits',
      Buffer.concat([Buffer.of(1), Buffer.alloc(1024, 0xff)]),
      'AQAB',
      'n',
      '8193 bits',
      '2048 to 8192 bits',
    ],
    ['an even exponent', Buffer.alloc(256, 0xff), 'BA', 'e', '4', 'an odd exponent of 3 or more, usually 65537'],
  ])('RSA keys with %s', (...[, modulus, e, member, given, expected]) => {
    const key = { kty: 'RSA', n: modulus.toString('base64url'), e }
    expect(faultsOf(key)).toEqual([[`jwks.keys[0].${member}`, given, expected]])
  })

  test.each([
    ['n', 'RSA', RSA],
    ['e', 'RSA', RSA],
    ['x', 'Ed25519', generateKeyPairSync('ed25519')],
  ])('without the member %s that a key of the kind %s has', (member, _kind, { publicKey }) => {
    const key = { ...jwkOf(publicKey), [member]: undefined }
    expect(faultsOf(key)).toEqual([[`jwks.keys[0].${member}`, null, 'a value in base64url']])
  })

  test.each([
    ['kid', '', 'a text of 1 to 256 ASCII characters'],
    ['kid', 'x'.repeat(257), 'a text of 1 to 256 ASCII characters'],
    ['kid', '\u0000b', 'a text of 1 to 256 ASCII characters'],
    ['kid', 'a\u0000', 'a text of 1 to 256 ASCII characters'],
    ['key_ops', 'verify', 'operations of a public key: verify, encrypt, wrapKey, deriveKey, deriveBits'],
    ['key_ops', ['verify', 'sign'], 'operations of a public key: verify, encrypt, wrapKey, deriveKey, deriveBits'],
    ['x5c', ['MIIB', 7], 'an array of certificates in base64'],
    ['x5c', ['MIIB', ''], 'an array of certificates in base64'],
    ['x5c', ['!MIIB'], 'an array of certificates in base64'],
    ['x5c', ['MIIB!'], 'an array of certificates in base64'],
    ['x5t', 7, 'a thumbprint in base64url'],
    ['kid', 7, 'a text of 1 to 256 ASCII characters'],
    ['kid', 'a\u0000b', 'a text of 1 to 256 ASCII characters'],
    ['use', 'both', 'sig or enc'],
    ['alg', 'HS256', 'for EC P-256 one of ES256, ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW'],
    ['alg', 'none', 'for EC P-256 one of ES256, ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW'],
    ['key_ops', ['sign'], 'operations of a public key: verify, encrypt, wrapKey, deriveKey, deriveBits'],
    ['x5c', 'MIIB', 'an array of certificates in base64'],
    ['x5t#S256', '\ud800', 'a thumbprint in base64url'],
    ['x', 'not base64url!', 'a value in base64url'],
    ['y', undefined, 'a value in base64url'],
  ])('with the member %s of %j', (member, value, expected) => {
    const faults = check({ keys: [{ ...jwkOf(P256.publicKey), [member]: value }] }).faults
    expect(faults.map((fault) => [fault.field, fault.expected])).toEqual([[`jwks.keys[0].${member}`, expected]])
  })

  test('two of one kid', () => {
    const key = { ...jwkOf(P256.publicKey), kid: 'same' }
    expect(faultsOf(key, key)).toEqual([['jwks.keys[1].kid', 'same', 'a kid that no other key of the set has']])
  })

  test.each([
    ['null', null, 'null'],
    ['a text', '{"keys":[]}', 'a string'],
    ['an array', [], 'an array of 0'],
    ['an object without keys', {}, 'an object'],
    ['an empty one', { keys: [] }, 'an object'],
    ['one of 21 keys', { keys: Array.from({ length: 21 }, () => jwkOf(P256.publicKey)) }, 'an object'],
    ['a single key', jwkOf(P256.privateKey), 'an object'],
  ])('a set that is none: %s', (_what, jwks, given) => {
    expect(check(jwks).faults).toEqual([
      { field: 'jwks', given, expected: 'a JWK Set {"keys": […]} of 1 to 20 public keys' },
    ])
  })

  test('what is no key at all', () => {
    const expected = 'a public key as JWK (RFC 7517)'
    expect(faultsOf(1, 'x')).toEqual([
      ['jwks.keys[0]', 'a number', expected],
      ['jwks.keys[1]', 'a string', expected],
    ])
  })

  test('every faulty key at once', () => {
    expect(faultsOf(1, null, jwkOf(P256.publicKey), { kty: 'oct', k: 'x' }).map(([field]) => field)).toEqual([
      'jwks.keys[0]',
      'jwks.keys[1]',
      'jwks.keys[3].kty',
    ])
  })
})

describe('the keys of a published document', () => {
  const key = jwkOf(P256.publicKey)

  test('are the public ones of a known kind, with their known members', () => {
    const keys = [{ ...key, kid: 'a', note: 'x' }, jwkOf(P256.privateKey), { kty: 'oct', k: 'x' }, 'x', null]
    expect(usableKeys({ keys })).toEqual({ keys: [{ ...key, kid: 'a' }], ignored: 0 })
  })

  test('are read up to the fiftieth, and the others are counted', () => {
    const keys = Array.from({ length: 52 }, (_, at) => ({ ...key, kid: `k${at + 1}` }))
    const read = usableKeys({ keys })
    expect(read?.keys.map(({ kid }) => kid)).toEqual(keys.slice(0, 50).map(({ kid }) => kid))
    expect(read?.ignored).toBe(2)
    expect(usableKeys({ keys: keys.slice(0, 51) })?.ignored).toBe(1)
    expect(usableKeys({ keys: keys.slice(0, 50) })?.ignored).toBe(0)
  })

  test.each([null, [], {}, 'x', { keys: {} }])('are none where it is no JWK Set: %j', (document) => {
    expect(usableKeys(document)).toBeUndefined()
  })
})
