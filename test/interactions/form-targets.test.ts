/** Where a form may lead: to the app alone, whatever kind of address it has. */
import { describe, expect, test } from 'vitest'
import { formTargets } from '#interactions/form-targets.ts'

describe('the sources of a policy', () => {
  test.each([
    ['the origin of an https address', 'https://shop.example:8443/cb?x=1', ['https://shop.example:8443']],
    ['the scheme of a private address', 'com.example.app:/cb', ['com.example.app:']],
    ['every port of a loopback name', 'http://localhost:5000/cb', ['http://localhost:*', 'http://127.0.0.1:*']],
    ['every port of a loopback address', 'http://127.0.0.1:5000/cb', ['http://localhost:*', 'http://127.0.0.1:*']],
    ['the scheme alone for an IPv6 address, which CSP cannot name', 'http://[::1]:5000/cb', ['http:']],
  ])('are %s', (_what, address, sources) => {
    expect(formTargets(address)).toEqual(sources)
  })

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'blob:https://x',
    "https://x; script-src 'unsafe-inline'",
    'https://x;script-src/cb',
    'https://x,y.example/cb',
    'x',
    7,
  ])('are none for %j', (address) => {
    expect(formTargets(address)).toEqual([])
  })

  test('are those of all addresses given', () => {
    expect(formTargets('https://a.example/cb', undefined, 'https://b.example/')).toEqual([
      'https://a.example',
      'https://b.example',
    ])
  })
})
