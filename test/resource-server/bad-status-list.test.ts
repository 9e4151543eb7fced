/** A status list that an API must not believe: forged, of another key or address, too large, expired, or none at all. */
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { aSigningPair } from './test-issuer.ts'
import {
  ask,
  aList,
  aVerifier,
  fetches,
  makeWorldForEachTest,
  PATH,
  publish,
  START,
  UNAVAILABLE,
  world,
  type ListParts,
} from './status-list-world.ts'
import { atMost } from '../support/time-limits.ts'

makeWorldForEachTest()

describe('a list that is not to be believed', () => {
  test('is one that another key signed, by the same name or its own', async () => {
    for (const kid of ['a', 'b']) {
      await publish({ by: { ...(await aSigningPair(kid)) } })
      expect(await ask(aVerifier(), 4)).toBe(UNAVAILABLE)
    }
  })

  test.each<[string, ListParts]>([
    ['of another address', { claims: { sub: 'https://id.example.com/status-lists/0' } }],
    ['of no address', { without: ['sub'] }],
    ['of another type', { typ: 'at+jwt' }],
    ['that expired', { claims: { exp: START / 1000 - 6 } }],
    ['that never expires', { without: ['exp'] }],
    ['without a time of issue', { without: ['iat'] }],
    ['from the future', { claims: { iat: START / 1000 + 6 } }],
    ['with a ttl of nothing', { claims: { ttl: 0 } }],
    ['with a ttl that is no number', { claims: { ttl: '60' } }],
    ['with three bits a token', { bits: 3 }],
    ['without a list in it', { without: ['status_list'] }],
    ['with a list that is a text', { claims: { status_list: { bits: 1, lst: 7 } } }],
    ['that cannot be expanded', { claims: { status_list: { bits: 1, lst: 'AAAA' } } }],
    ['that is larger than a mebibyte as it comes', { claims: { padding: 'A'.repeat(1_048_577) } }],
    ['that expands to more than a mebibyte', { bytes: new Uint8Array(1_048_577) }],
  ])('is one %s', async (_what, parts) => {
    await publish(parts)
    expect(await ask(aVerifier(), 4)).toBe(UNAVAILABLE)
    expect(fetches()).toBe(1)
  })

  test('is one changed on its way', async () => {
    const list = await aList()
    const [header, payload = '', signature] = list.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    claims['status_list'] = { bits: 1, lst: deflateSync(Uint8Array.of(0)).toString('base64url') }
    const forged = Buffer.from(JSON.stringify(claims)).toString('base64url')
    world.issuer.answers.set(PATH, `${header}.${forged}.${signature}`)
    expect(await ask(aVerifier(), 5)).toBe(UNAVAILABLE)
    world.issuer.answers.set(PATH, `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged}.`)
    expect(await ask(aVerifier(), 5)).toBe(UNAVAILABLE)
  })

  test.each<[string, number | string]>([
    ['an error', 500],
    ['nothing', 404],
    ['a redirect', 302],
    ['no JWT', 'hello'],
    ['no answer at all', 'hang'],
  ])('is %s', async (_what, answer) => {
    world.issuer.answers.set(PATH, answer)
    world.issuer.answers.set('/elsewhere', await aList())
    const began = performance.now()
    expect(await ask(aVerifier(true, { timeoutMs: answer === 'hang' ? 1000 : 10_000 }), 4)).toBe(UNAVAILABLE)
    expect(performance.now() - began).toBeLessThan(atMost(1500))
    expect(fetches('/elsewhere')).toBe(0)
  })
})
