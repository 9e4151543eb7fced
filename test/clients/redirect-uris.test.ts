/** Which redirect URIs may be registered: a corpus of known confusions, and properties over generated ones. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redirectUriFault } from '#clients/redirect-uris.ts'

const web = (uri: unknown) => redirectUriFault(uri, false)
const native = (uri: unknown) => redirectUriFault(uri, true)

const LOOPBACK_ONLY = 'https; plain http only on localhost, 127.0.0.0/8 or [::1]'
const PLAIN_HOST = 'an absolute URI with a plain host, such as https://app.example.com/callback'
const NO_DOTS = 'a path without . and .. segments'
const NO_ENCODED_DOTS = 'a path without encoded dots, slashes, backslashes or percent signs'
const ASCII = 'only the ASCII characters of a URI, others percent-encoded and an international host in its xn-- form'

describe('every profile', () => {
  test.each([
    'https://app.example.com/callback',
    'https://app.example.com',
    'https://app.example.com:8443/cb?tenant=a&x=%20',
    'https://xn--bcher-kva.example/cb',
    'https://192.0.2.1/cb',
    'https://[2001:db8::1]/cb',
    'http://localhost:3000/cb',
    'http://localhost',
    'http://127.0.0.1/cb',
    'http://127.1.2.3:65535/cb',
    'http://[::1]:5000/cb',
    'https://app.example.com/a.b/..c/d..',
  ])('takes %s', (uri) => {
    expect(web(uri)).toBeUndefined()
    expect(native(uri)).toBeUndefined()
  })

  test.each([
    ['javascript:alert(1)', 'another scheme than javascript: (https, or http on loopback)'],
    ['JavaScript:alert(1)//https://app.example.com', 'another scheme than javascript: (https, or http on loopback)'],
    ['data:text/html,x', 'another scheme than data: (https, or http on loopback)'],
    ['vbscript:x', 'another scheme than vbscript: (https, or http on loopback)'],
    ['file:///etc/passwd', 'another scheme than file: (https, or http on loopback)'],
    ['blob:https://app.example.com/1', 'another scheme than blob: (https, or http on loopback)'],
    ['about:blank', 'another scheme than about: (https, or http on loopback)'],
    ['https://app.example.com/cb#part', 'a URI without a fragment (the part from # on)'],
    ['https://app.example.com/cb#', 'a URI without a fragment (the part from # on)'],
    ['https://*.example.com/cb', 'one exact URI for each place; wildcards are not matched'],
    ['https://app.example.com/*', 'one exact URI for each place; wildcards are not matched'],
    ['https://localhost:80@evil.example/cb', 'a URI without user name and password'],
    ['https://user:pw@app.example.com/', 'a URI without user name and password'],
    ['https://app.example.com%40evil.example/', 'a host without percent-encoding'],
    ['https://app.example.com;x/cb', 'a host without ; and ,'],
    ['https://app.example.com,x/cb', 'a host without ; and ,'],
    ['https://app.example.com\\@evil.example', 'a URI with / instead of \\'],
    ['https:\\\\app.example.com/cb', 'a URI with / instead of \\'],
    ['https://app.example.com/../cb', NO_DOTS],
    ['https://app.example.com/a/./cb', NO_DOTS],
    ['https://app.example.com/a/..', NO_DOTS],
    ['https://app.example.com/a/..;/cb', NO_DOTS],
    ['https://app.example.com/%2e%2e/cb', NO_ENCODED_DOTS],
    ['https://app.example.com/%2E./cb', NO_ENCODED_DOTS],
    ['https://app.example.com/%252e%252e/cb', NO_ENCODED_DOTS],
    ['https://app.example.com/%252fcb', NO_ENCODED_DOTS],
    ['https://app.example.com/%5c..', NO_ENCODED_DOTS],
    ['https://app.example.com/a%2fb', NO_ENCODED_DOTS],
    ['https://app.example.com/cb%0d%0aX: y', ASCII],
    ['https://app.example.com/cb?x=%0d%0a', 'a URI without encoded control characters'],
    ['https://app.example.com/cb%00', 'a URI without encoded control characters'],
    ['https://app.example.com/%', 'two hexadecimal digits after each %'],
    ['https://app.example.com/a b', ASCII],
    ['https://app.example.com/\n', ASCII],
    [' https://app.example.com/', ASCII],
    ['https://app.example.com/\u0000', ASCII],
    ['https://bücher.example/cb', ASCII],
    ['https://app.example.com/cb"onload', ASCII],
    ['https://app.example.com/<script>', ASCII],
    ['http://app.example.com/cb', LOOPBACK_ONLY],
    ['http://localhost.evil.example/cb', LOOPBACK_ONLY],
    ['http://localhost./cb', LOOPBACK_ONLY],
    ['http://127.0.0.1.evil.example/cb', LOOPBACK_ONLY],
    ['http://10.0.0.1/cb', LOOPBACK_ONLY],
    ['http://0.0.0.0/cb', LOOPBACK_ONLY],
    ['http://[::]/cb', LOOPBACK_ONLY],
    ['http://128.0.0.1/cb', LOOPBACK_ONLY],
    ['http://2130706433/cb', PLAIN_HOST],
    ['http://0x7f.0.0.1/cb', PLAIN_HOST],
    ['http://127.1/cb', PLAIN_HOST],
    ['http://127.0.0.256/cb', PLAIN_HOST],
    ['http://[0:0:0:0:0:0:0:1]/cb', PLAIN_HOST],
    ['https:///cb', PLAIN_HOST],
    ['https:app.example.com/cb', PLAIN_HOST],
    ['https:/app.example.com/cb', PLAIN_HOST],
    ['https://app.example.com:/cb', PLAIN_HOST],
    ['https://app.example.com:70000/cb', PLAIN_HOST],
    ['https://app.example.com:0/cb', 'a port from 1 to 65535'],
    ['https://app.example.com:0443/cb', 'a port from 1 to 65535'],
    ['//app.example.com/cb', 'an absolute URI with a scheme, such as https://app.example.com/callback'],
    ['/callback', 'an absolute URI with a scheme, such as https://app.example.com/callback'],
    ['callback', 'an absolute URI with a scheme, such as https://app.example.com/callback'],
    ['', 'an absolute URI such as https://app.example.com/callback'],
    [null, 'an absolute URI such as https://app.example.com/callback'],
    [['https://app.example.com'], 'an absolute URI such as https://app.example.com/callback'],
    [`https://app.example.com/${'a'.repeat(1977)}`, 'a URI of at most 2000 characters'],
    ['https://app.example.com/%4', 'two hexadecimal digits after each %'],
    ['https://app.example.com/%4g', 'two hexadecimal digits after each %'],
  ])('refuses %j', (uri, expected) => {
    expect(web(uri)).toBe(expected)
    expect(native(uri)).toBe(expected)
  })
})

test('a redirect URI may have 2000 characters', () => {
  expect(web(`https://app.example.com/${'a'.repeat(1976)}`)).toBeUndefined()
})

test.each(['https://localhost/cb', 'https://127.0.0.1:8443/cb'])('%s is for apps that are not native', (uri) => {
  expect(web(uri)).toBeUndefined()
})

describe('native apps', () => {
  test.each([
    'com.example.app:/callback',
    'com.example.app://callback',
    'com.example.app:/',
    'com.Example.App:/cb?x=1',
  ])('take the private-use scheme of %s, which other profiles refuse', (uri) => {
    expect(native(uri)).toBeUndefined()
    expect(web(uri)).toBe('an https URI, or http on localhost, 127.0.0.0/8 or [::1]')
  })

  test.each([
    ['myapp:/callback', 'a private-use scheme that is a reversed domain name: com.example.app:/callback'],
    ['ftp://example.com/', 'a private-use scheme that is a reversed domain name: com.example.app:/callback'],
    ['com.example.app:callback', 'a / after the scheme: com.example.app:/callback'],
    ['com.example.app://user@callback', 'a URI without user name and password'],
    ['com.example.app://a;b/callback', 'a host without ; and ,'],
    ['com.example.app:/../callback', NO_DOTS],
    ['com.example.app://[::1]80', 'a URI that a browser can open, such as com.example.app:/callback'],
    ['https://localhost/cb', 'http on loopback for a native app, or an https URI that it claims'],
    ['https://127.0.0.1/cb', 'http on loopback for a native app, or an https URI that it claims'],
  ])('may not have %s', (uri, expected) => {
    expect(native(uri)).toBe(expected)
  })
})

describe('properties', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc
      .tuple(
        fc.constantFrom('http', 'https', 'HTTPS', 'javascript', 'com.example.app', 'data', ''),
        fc.constantFrom('://', ':/', ':', ':\\\\', ':///'),
        fc.constantFrom('localhost', 'app.example.com', '127.0.0.1', '127.1', '[::1]', 'a@b', 'ⓐ.example', ''),
        fc.array(
          fc.constantFrom('/', '.', '..', '%2e', '%2F', '\\', '#', '*', '?', ':', '@', ';', 'a', '%', '\n', '\t', '80'),
          {
            maxLength: 8,
          },
        ),
      )
      .map(([scheme, mark, host, rest]) => scheme + mark + host + rest.join('')),
  )

  test('what is taken means to a browser exactly what is written', () => {
    fc.assert(
      fc.property(anything, fc.boolean(), (uri, isNative) => {
        if (redirectUriFault(uri, isNative) !== undefined) return
        const url = new URL(uri)
        expect(url.username + url.password + url.hash).toBe('')
        expect(['https:', 'http:'].includes(url.protocol) || isNative).toBe(true)
        expect(uri.toLowerCase()).toContain(url.pathname.toLowerCase().replace(/^\/$/, ''))
        expect(uri.toLowerCase()).toContain(`${url.protocol}//${url.hostname}`.replace(/\/\/$/, ''))
        if (url.protocol === 'http:') expect(url.hostname).toMatch(/^(localhost|127\..*|\[::1\])$/)
      }),
      { numRuns: 3000 },
    )
  })

  test('no input makes the rule throw, and each refusal says what would be right', () => {
    fc.assert(
      fc.property(fc.oneof(anything, fc.anything()), fc.boolean(), (uri, isNative) => {
        const expected = redirectUriFault(uri, isNative)
        expect(expected === undefined || expected.length > 10).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('any https URL of plain host, port and path segments is taken', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_~-]{1,10}$/)
    const host = fc.domain()
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), fc.array(segment), (name, port, segments) => {
        expect(web(`https://${name}:${port}/${segments.join('/')}`)).toBeUndefined()
      }),
    )
  })
})
