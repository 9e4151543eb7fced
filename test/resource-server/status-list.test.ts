/** What an API makes of the issuer's status list: who passes, how long it is kept, what becomes of it without one. */
import { describe, expect, test } from 'vitest'
import { accessTokens, type StatusListOptions } from '#resource-server/index.ts'
import { anAccessToken, audience, publicKeys, startTestIssuer } from './test-issuer.ts'
import {
  ask,
  askWith,
  aList,
  aVerifier,
  fetches,
  FOREIGN,
  GOOD,
  makeWorldForEachTest,
  NO_PLACE,
  PATH,
  publish,
  REVOKED,
  START,
  UNAVAILABLE,
  world,
} from './status-list-world.ts'

makeWorldForEachTest()

describe('a list that can be had', () => {
  test('lets the places pass that are not marked, and refuses the marked one', async () => {
    await publish()
    const verifier = aVerifier()
    expect(await Promise.all([4, 5, 6].map((idx) => ask(verifier, idx)))).toEqual([GOOD, REVOKED, GOOD])
  })

  test.each([
    [2, 0b00_10_01_00, [GOOD, REVOKED, REVOKED, GOOD]],
    [4, 0b0011_0000, [GOOD, REVOKED]],
    [8, 0b1000_0000, [REVOKED]],
  ])('with %i bits a token makes it usable by 0 alone', async (bits, byte, told) => {
    await publish({ bits, bytes: Uint8Array.of(byte) })
    const verifier = aVerifier()
    expect(await Promise.all(told.map((_, idx) => ask(verifier, idx)))).toEqual(told)
  })

  test('is fetched once for many requests at a time', async () => {
    await publish()
    const verifier = aVerifier()
    const told = await Promise.all(Array.from({ length: 20 }, () => ask(verifier, 4)))
    expect(told).toEqual(Array.from({ length: 20 }, () => GOOD))
    expect(fetches()).toBe(1)
  })

  test.each([
    ['half of its ttl', true, 30],
    ['what the API asks for', { refreshSeconds: 5 }, 5],
    ['its ttl at the latest', { refreshSeconds: 500 }, 60],
  ] as const)('is kept for %s', async (_what, option, seconds) => {
    await publish({ bytes: Uint8Array.of(0) })
    const verifier = aVerifier(option)
    expect(await ask(verifier, 5)).toBe(GOOD)
    await publish()
    world.now += seconds * 1000 - 1
    expect(await ask(verifier, 5)).toBe(GOOD)
    world.now += 1
    expect(await ask(verifier, 5)).toBe(REVOKED)
    expect(fetches()).toBe(2)
  })

  test('that says no ttl is kept for half of the time it is good for', async () => {
    await publish({ without: ['ttl'], bytes: Uint8Array.of(0) })
    const verifier = aVerifier()
    expect(await ask(verifier, 5)).toBe(GOOD)
    await publish()
    world.now += 60_000
    expect(await ask(verifier, 5)).toBe(REVOKED)
  })

  test('older than the one that is there does not bring a token back', async () => {
    const older = await aList({ bytes: Uint8Array.of(0) })
    world.now += 10_000
    await publish()
    const verifier = aVerifier()
    expect(await ask(verifier, 5)).toBe(REVOKED)
    world.issuer.answers.set(PATH, older)
    world.now += 40_000
    expect(await ask(verifier, 5)).toBe(REVOKED)
    expect(fetches()).toBe(2)
  })
})

test('without the option the list is not looked at', async () => {
  await publish()
  expect(await ask(aVerifier(false), 5)).toBe(GOOD)
  expect(await ask(aVerifier(undefined, {}), 4)).toBe(GOOD)
  const { issuer: url } = world.issuer
  expect(await ask(accessTokens({ issuer: url, audience, now: () => new Date(world.now) }), 5)).toBe(GOOD)
  expect(fetches()).toBe(1)
})

test.each([{ refreshSeconds: 0 }, { refreshSeconds: '5' }, { whenUnavailable: 'maybe' }])(
  'the option %j is refused when the verifier is made',
  (option) => {
    expect(() => aVerifier(option as StatusListOptions)).toThrow(/^the option statusList\./)
  },
)

describe('a token', () => {
  test.each([
    [{}],
    [{ status: null }],
    [{ status: {} }],
    [{ status: { status_list: null } }],
    [{ status: { status_list: { idx: 1 } } }],
  ])('whose claims %j name no list is refused', async (claims) => {
    await publish()
    expect(await askWith(aVerifier(), claims)).toBe(NO_PLACE)
    expect(fetches()).toBe(0)
  })

  test.each([-1, 1.5, '5', 16, 2 ** 53, null])('with the place %j is refused', async (idx) => {
    await publish()
    expect(await ask(aVerifier(), idx)).toBe(NO_PLACE)
  })

  test('that names a list of another place than below its issuer is refused, and nothing is fetched', async () => {
    const other = await startTestIssuer([world.pair])
    try {
      const at = new URL(world.issuer.issuer)
      const verifier = aVerifier()
      const foreign = [
        other.issuer + PATH,
        `${world.issuer.issuer}.example.com${PATH}`,
        `${world.issuer.issuer}@${new URL(other.issuer).host}${PATH}`,
        `http://user@${at.host}${PATH}`,
        `${world.issuer.issuer}/a/../status-lists/0`,
        `${world.issuer.issuer}/%2e%2e/status-lists/0`,
        `${world.issuer.issuer}/\tstatus-lists/0`,
        `${world.issuer.issuer}\\status-lists/0`,
        'file:///etc/passwd',
        'status-lists/0',
        '',
      ]
      for (const uri of foreign) expect(await ask(verifier, 4, uri)).toBe(FOREIGN)
      expect(other.requests).toEqual([])
      expect(fetches()).toBe(0)
    } finally {
      await other.close()
    }
  })

  test('of an issuer that ends with a slash may name a list below it', async () => {
    const issuer = `${world.issuer.issuer}/`
    const keys = publicKeys([world.pair])
    const verifier = accessTokens({ issuer, audience, keys, statusList: true, resourceMetadata: false })
    const status = { status_list: { idx: 4, uri: `${issuer}status-lists/0` } }
    const token = await anAccessToken(issuer, world.pair, { claims: { status } })
    // it is asked for, and is not there
    await expect(verifier.verify(`Bearer ${token}`)).rejects.toMatchObject({ status: 503 })
  })

  test('of an issuer with a path names no list beside that path', async () => {
    const tenant = await startTestIssuer([world.pair], '/tenant')
    try {
      const verifier = accessTokens({ issuer: tenant.issuer, audience, statusList: true, resourceMetadata: false })
      const token = await anAccessToken(tenant.issuer, world.pair, {
        claims: { status: { status_list: { idx: 4, uri: `${new URL(tenant.issuer).origin}/status-lists/0` } } },
      })
      await expect(verifier.verify(`Bearer ${token}`)).rejects.toMatchObject({
        status: 401,
        error: 'invalid_token',
        error_description: 'The access token names a status list that does not stand below its issuer.',
      })
    } finally {
      await tenant.close()
    }
  })
})

describe('while no list can be had', () => {
  test('the last good one serves until its exp and the tolerance, and then the token is refused', async () => {
    await publish()
    const verifier = aVerifier()
    expect(await ask(verifier, 4)).toBe(GOOD)
    world.issuer.answers.set(PATH, 503)
    world.now += 61_000
    expect([await ask(verifier, 4), await ask(verifier, 5)]).toEqual([GOOD, REVOKED])
    world.now = START + 125_000 - 1
    expect(await ask(verifier, 4)).toBe(GOOD)
    world.now += 1
    expect(await ask(verifier, 4)).toBe(UNAVAILABLE)
  })

  test('the issuer is asked again after a second, not by every request', async () => {
    world.issuer.answers.set(PATH, 503)
    const verifier = aVerifier()
    for (let count = 0; count < 5; count++) expect(await ask(verifier, 4)).toBe(UNAVAILABLE)
    expect(fetches()).toBe(1)
    await publish()
    world.now += 1000
    expect(await ask(verifier, 4)).toBe(GOOD)
  })

  test('an API that says so lets the token pass, as long as it is good otherwise', async () => {
    world.issuer.answers.set(PATH, 503)
    const verifier = aVerifier({ whenUnavailable: 'accept' })
    expect(await ask(verifier, 5)).toBe(GOOD)
    expect(await ask(verifier, 5, 'https://other.example.com/status-lists/0')).toBe(FOREIGN)
    await publish()
    world.now += 1000
    expect(await ask(verifier, 5)).toBe(REVOKED)
  })

  test('an API with keys of its own is refused its tokens as well, since the list is fetched all the same', async () => {
    await world.issuer.close()
    const verifier = aVerifier(true, { keys: { keys: [world.pair.publicJwk] } })
    expect(await ask(verifier, 4)).toBe(UNAVAILABLE)
    world.issuer = await startTestIssuer([world.pair])
  })
})
