/** What holds of every identifier, scope, id and cursor, not only of those that somebody thought of. */
import {
  anything,
  array,
  assert,
  boolean,
  constantFrom,
  domain,
  integer,
  oneof,
  property,
  string,
  stringMatching,
  tuple,
  webUrl,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalIdentifier, identifierFault } from '#resources/identifier.ts'
import { ResourceInvalid } from '#resources/errors.ts'
import { validateResource } from '#resources/validation.ts'
import { decodeCursor, encodeCursor } from '#shared/cursor.ts'
import { randomId, randomName } from '#shared/ids.ts'

const RUNS = { numRuns: 1000 }

describe('a resource identifier', () => {
  const segments = array(stringMatching(/^[A-Za-z0-9_~-]{1,8}$/), { maxLength: 4 })
  const plain = tuple(domain(), integer({ min: 1, max: 65_535 }), segments).map(
    ([host, port, path]) => `https://${[`${host}:${port}`, ...path].join('/')}`,
  )
  const wild = oneof(
    string({ unit: 'binary' }),
    webUrl({ withFragments: true, withQueryParameters: true }),
    tuple(
      constantFrom('http', 'https', 'HTTPS', 'urn', 'javascript', 'data', 'file', ''),
      constantFrom('://', ':', ':/', ':///'),
      constantFrom(
        'localhost',
        'localhost.evil.example',
        '127.0.0.1',
        '10.0.0.1',
        '[::1]',
        'a@b',
        'api.example.com',
        '',
      ),
      array(constantFrom('/', '?', '#', '@', '%', '%2f', '\\', ' ', '\n', ':', 'a', '..'), { maxLength: 8 }),
    ).map(([scheme, mark, host, rest]) => scheme + mark + host + rest.join('')),
  )

  test('of plain host, port and path is accepted, and its other spellings mean the same', () => {
    assert(
      property(plain, boolean(), (identifier, slash) => {
        expect(identifierFault(identifier)).toBeUndefined()
        const url = new URL(identifier)
        const rest = identifier.slice(`https://${url.hostname}`.length).replace(/^:443(?=\/|$)/, '')
        const spelled = `HTTPS://${url.hostname.toUpperCase()}${rest}${slash ? '/' : ''}`
        expect(canonicalIdentifier(spelled)).toBe(canonicalIdentifier(identifier))
      }),
      RUNS,
    )
  })

  test('has one canonical spelling, which is its own', () => {
    assert(
      property(wild, (identifier) => {
        if (identifierFault(identifier) !== undefined) return
        const once = canonicalIdentifier(identifier)
        // each slash at the end may be one that somebody added, so one is cut each time
        expect(canonicalIdentifier(`${once}/`.replace(/(\?.*)\/$/, '$1'))).toBe(once)
        const lower = identifier.toLowerCase().replace(/^([^?]*)\/$/, '$1')
        expect(once.toLowerCase()).toBe(
          lower.replace(/^(https:\/\/[^/?]*):(?:443)?(?=[/?]|$)|^(http:\/\/[^/?]*):(?:80)?(?=[/?]|$)/, '$1$2'),
        )
      }),
      RUNS,
    )
  })

  test('that differs in more than the case of its host never means another one', () => {
    assert(
      property(plain, plain, (one, other) => {
        const same = canonicalIdentifier(one) === canonicalIdentifier(other)
        expect(same).toBe(one === other)
      }),
      RUNS,
    )
  })

  test('that is accepted has no fragment, no user, no script and no plain http beyond loopback', () => {
    assert(
      property(oneof(wild, anything()), (given) => {
        const fault = identifierFault(given)
        expect(fault === undefined || fault.length > 10).toBe(true)
        if (fault !== undefined) return
        const url = new URL(given as string)
        expect(url.hash + url.username + url.password).toBe('')
        expect(['javascript:', 'data:', 'file:', 'blob:']).not.toContain(url.protocol)
        if (url.protocol === 'http:') expect(url.hostname).toMatch(/^(localhost|127\..*|\[::1\])$/)
      }),
      { ...RUNS, examples: [['urn://localhost:..']] },
    )
  })
})

describe('a scope', () => {
  const accepted = (scopes: unknown): readonly string[] | undefined => {
    try {
      const { scopes: valid } = validateResource({ identifier: 'https://api.example.com', scopes } as never)
      return valid.map(({ name }) => name)
    } catch (error) {
      if (error instanceof ResourceInvalid) return undefined
      throw error
    }
  }
  const name = oneof(string({ unit: 'binary', maxLength: 140 }), stringMatching(/^[!-~]{1,20}$/))

  test('that is accepted survives a space-separated list and a quoted header', () => {
    assert(
      property(array(name, { maxLength: 5 }), (names) => {
        const scopes = accepted(names)
        if (scopes === undefined) return
        expect(
          scopes
            .join(' ')
            .split(' ')
            .filter((part) => part !== ''),
        ).toEqual([...names])
        expect(scopes.join(' ')).not.toMatch(/["\\\r\n\0]/)
      }),
      RUNS,
    )
  })

  test('of the grammar of RFC 6749 is accepted by itself, and twice in a list never', () => {
    assert(
      property(stringMatching(/^[!#-[\]-~]{1,40}$/), (scope) => {
        const isOurs = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'].includes(scope)
        expect(accepted([scope])).toEqual(isOurs ? undefined : [scope])
        expect(accepted([scope, scope])).toBeUndefined()
      }),
      RUNS,
    )
  })

  test('of any other kind of value is told as a fault, and nothing is thrown besides', () => {
    assert(
      property(anything(), (scopes) => {
        expect(accepted(scopes) ?? []).toEqual(expect.any(Array))
      }),
      RUNS,
    )
  })
})

describe('an id', () => {
  test('needs no escaping in a URL, a header or a cookie, and never comes twice', () => {
    const seen = new Set<string>()
    for (let count = 0; count < 5000; count += 1) {
      const [id, short] = [randomId('cod-'), randomName()]
      expect(id).toMatch(/^cod-[A-Za-z0-9_-]{43}$/)
      expect(short).toMatch(/^[A-Za-z0-9_-]{22}$/)
      seen.add(id).add(short)
    }
    expect(seen.size).toBe(10_000)
  })

  test('goes through a path and back, whatever it is', () => {
    assert(
      property(string({ unit: 'grapheme', minLength: 1 }), (id) => {
        const { pathname } = new URL(`/admin/v1/resources/x${encodeURIComponent(id)}`, 'https://id.example.com')
        expect(decodeURIComponent(pathname.slice('/admin/v1/resources/x'.length))).toBe(id)
      }),
      RUNS,
    )
  })
})

describe('a cursor', () => {
  const FREE = [/^[\s\S]*$/, /^[\s\S]*$/]

  test('gives back the key that it was made of', () => {
    assert(
      property(string({ unit: 'grapheme', maxLength: 60 }), string({ maxLength: 60 }), (one, other) => {
        expect(decodeCursor(encodeCursor([one, other]), FREE)).toEqual([one, other])
      }),
      RUNS,
    )
  })

  test('that no list gave out is a fault of the field, never anything else', () => {
    const patterns = [/^\d{1,5}$/, /^[a-z]+$/]
    const forged = oneof(
      string({ unit: 'binary' }),
      anything().map((value) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')),
      array(anything(), { minLength: 2, maxLength: 2 }).map((key) =>
        Buffer.from(JSON.stringify(key, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value))).toString(
          'base64url',
        ),
      ),
    )
    assert(
      property(forged, (cursor) => {
        try {
          const [first, second] = decodeCursor(cursor, patterns)
          expect(first).toMatch(/^\d{1,5}$/)
          expect(second).toMatch(/^[a-z]+$/)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_cursor', status: 400 })
        }
      }),
      RUNS,
    )
  })
})
