/**
 * The direct path for machine tokens answers as the engine does, in status, headers, body, token, audit event and rows,
 * and it answers nothing but what it should.
 */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { keysHost } from '../support/keys-host.ts'
import { eventually } from '../support/eventually.ts'
import { TRIES_ALL } from '../support/sample.ts'
import { CORPUS } from './direct/corpus.ts'
import { exchange, send } from './direct/exchange.ts'
import { build, type Change } from './direct/requests.ts'
import { API, createWorld, type World } from './direct/world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
})

test('the names of the corpus are unique', () => {
  expect(new Set(CORPUS.map(([name]) => name)).size).toBe(CORPUS.length)
})

test.each(CORPUS)('%s: answered alike, by the %s way', async (name, way, change) => {
  const { direct, engine, wasDirect } = await world.both(change)
  expect(wasDirect, name).toBe(way === 'plain')
  expect(direct).toEqual(engine)
  if (way === 'plain') expect(direct).toMatchObject({ status: 200, reserved: [60] })
})

test('an assertion that one way has used is used for the other', async () => {
  const { plain } = world
  for (const [first, second] of [
    [world.direct, world.engine],
    [world.engine, world.direct],
    [world.direct, world.direct],
  ] as const) {
    const { sent, exp } = build(world.direct.issuer, plain, {})
    expect(await exchange(first, world.db, sent, exp)).toMatchObject({ status: 200 })
    expect(await exchange(second, world.db, sent, exp)).toMatchObject({
      status: 401,
      body: {
        error: 'invalid_client',
        error_description: 'client assertion: it was used before; each request needs a new one with its own jti',
      },
      event: [{ type: 'token.refused', client_id: plain.id }],
      reserved: [],
    })
  }
})

test('one of fifty requests with the same assertion gets a token, over both ways', async () => {
  const { sent } = build(world.direct.issuer, world.plain, {})
  const servers = Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? world.direct : world.engine))
  const answers = await Promise.all(servers.map((server) => send(server, sent)))
  expect(answers.filter(({ answer }) => answer.statusCode === 200)).toHaveLength(1)
  expect(answers.filter(({ answer }) => answer.statusCode === 401)).toHaveLength(49)
})

test('keys at an address are fetched by the engine, and then used directly while they are fresh', async () => {
  const machine = world.plain
  const host = await keysHost([(({ d: _private, ...open }) => open)(machine.key)])
  const client = await world.admin.client('machine', {
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
    jwks_uri: host.url,
  })
  const ask = async (): Promise<number | undefined> => {
    const { sent } = build(world.direct.issuer, { ...client, key: machine.key }, {})
    return (await send(world.direct, sent)).answer.statusCode
  }
  const before = await world.directTokens()
  expect(await ask()).toBe(200)
  expect(await world.directTokens()).toBe(before)
  await eventually(async () => (await ask()) === 200 && (await world.directTokens()) > before)
  expect(host.asked).toBe(1)
})

test('a caller that leaves in the middle of its form gets no token, and its assertion stays unused', async () => {
  const { sent } = build(world.direct.issuer, world.plain, {})
  const half = request({
    host: '127.0.0.1',
    port: world.direct.port,
    method: 'POST',
    path: '/token',
    headers: { ...sent.headers, host: new URL(world.direct.issuer).host, 'content-length': sent.body.length },
  })
  half.on('error', () => undefined)
  half.write(sent.body.subarray(0, 100))
  await once(half, 'socket')
  half.destroy()
  await eventually(() => world.direct.logLines().some(({ status }) => status === 'aborted'))
  expect((await send(world.direct, sent)).answer.statusCode).toBe(200)
})

test('a form that arrives byte by byte is read as a whole', async () => {
  const { sent } = build(world.direct.issuer, world.plain, {})
  const before = await world.directTokens()
  const slow = request({
    host: '127.0.0.1',
    port: world.direct.port,
    method: 'POST',
    path: '/token',
    headers: { ...sent.headers, host: new URL(world.direct.issuer).host, 'content-length': sent.body.length },
  })
  const answered = once(slow, 'response')
  for (const part of [sent.body.subarray(0, 1), sent.body.subarray(1, 300), sent.body.subarray(300)]) {
    await new Promise((resolve) => slow.write(part, resolve))
    await new Promise(setImmediate)
  }
  slow.end()
  const [answer] = (await answered) as [IncomingMessage]
  answer.resume()
  expect(answer.statusCode).toBe(200)
  expect(await world.directTokens()).toBe(before + 1)
})

const change: fc.Arbitrary<Change> = fc.record(
  {
    client: fc.constantFrom('plain', 'several', 'default', 'endpoint', 'rsa'),
    header: fc.dictionary(
      fc.constantFrom('alg', 'kid', 'typ', 'crit', 'x'),
      fc.constantFrom('ES256', 'RS256', 'k1', 'JWT', '', 1, null),
      { maxKeys: 2 },
    ),
    claims: fc.dictionary(
      fc.constantFrom('iss', 'sub', 'aud', 'iat', 'nbf', 'x'),
      fc.oneof(fc.constantFrom('', 'ISSUER', 'CLIENT', 0, 1.5, true), fc.jsonValue({ maxDepth: 1 })),
      { maxKeys: 2 },
    ),
    params: fc.dictionary(
      fc.constantFrom('scope', 'resource', 'client_id', 'x'),
      fc.oneof(fc.constantFrom('posts:read', API, `${API}/`, ''), fc.string({ maxLength: 8, unit: 'binary' })),
      { maxKeys: 2 },
    ),
  },
  { requiredKeys: [] },
)

test('whatever is changed, both ways answer alike', async () => {
  const property = fc.asyncProperty(change, async (changed) => {
    const { direct, engine } = await world.both(changed)
    expect(direct).toEqual(engine)
  })
  await fc.assert(property, { numRuns: TRIES_ALL ? 5000 : 60, endOnFailure: true })
})
