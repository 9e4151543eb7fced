/** The rules for client assertions, each broken alone (RFC 7523, RFC 10070, RFC 8725). */
import { generateKeyPair, exportJWK, type JWK, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, type RegisteredClient } from '../support/administrator.ts'
import { ASSERTION_TYPE, signAssertion } from '../support/assertion.ts'
import { type Server, type ServerProcess, startProcesses } from '../support/server.ts'

const API = 'https://api.example.com'
const UNTOLD = 'client authentication failed'
let server: ServerProcess
let other: ServerProcess
let admin: Administrator
let strict: RegisteredClient
let legacy: RegisteredClient

beforeAll(async () => {
  ;[server, other] = (await startProcesses(2)) as [ServerProcess, ServerProcess]
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  const allowed = { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
  strict = await admin.client('machine', allowed)
  legacy = await admin.client('machine', { ...allowed, signet_assertion_audience: 'token_endpoint' })
})

interface Bent {
  readonly client?: RegisteredClient
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly key?: JWK
}

async function assertion({ client = strict, claims = {}, header = {}, key }: Bent = {}): Promise<string> {
  return signAssertion({ issuer: server.issuer, clientId: client.id, key: key ?? client.key, claims, header })
}

async function send(
  value: string,
  through = server,
  path = '/token',
): Promise<{ status: number; body: Record<string, string> }> {
  const response = await through.fetch(path, {
    method: 'POST',
    body: new URLSearchParams({
      ...(path === '/token' ? { grant_type: 'client_credentials' } : { token: 'unknown' }),
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: value,
    }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, string>) }
}

const now = () => Math.floor(Date.now() / 1000)

async function refusal(bent: Bent, description: string | RegExp): Promise<void> {
  const { status, body } = await send(await assertion(bent))
  expect(body).toEqual({ error: 'invalid_client', error_description: expect.stringMatching(description) })
  expect(status).toBe(401)
  const [event] = await admin.audit('token.refused')
  expect(event).toMatchObject({ outcome: 'failure', client_id: (bent.client ?? strict).id })
  expect(event?.['reason']).toMatch(/^invalid_client: /)
}

describe('the audience', () => {
  test.each([
    ['the issuer as a string', (s: Server) => s.issuer],
    ['the issuer as the only value of an array', (s: Server) => [s.issuer]],
  ])('may be %s', async (_name, aud) => {
    expect((await send(await assertion({ claims: { aud: aud(server) } }))).status).toBe(200)
  })

  test.each([
    ['the issuer beside another value', (s: Server) => [s.issuer, 'https://evil.example']],
    ['the issuer twice', (s: Server) => [s.issuer, s.issuer]],
    ['an empty array', () => []],
    ['the issuer with a slash', (s: Server) => `${s.issuer}/`],
    ['another endpoint', (s: Server) => `${s.issuer}/introspect`],
    ['somebody else', () => 'https://evil.example/token'],
  ])('may not be %s, and the client is told what it must be', async (_name, aud) => {
    await refusal(
      { claims: { aud: aud(server) } },
      new RegExp(`^client assertion: aud is .*; it must be the issuer ${server.issuer}, as the only value$`),
    )
  })

  test.each([
    ['the token endpoint', (s: Server) => `${s.issuer}/token`],
    ['the token endpoint in an array', (s: Server) => [`${s.issuer}/token`]],
  ])('may not be %s, and the client is told how it could be', async (_name, aud) => {
    await refusal(
      { claims: { aud: aud(server) } },
      new RegExp(
        `^client assertion: aud is .*; it must be the issuer ${server.issuer}, as the only value; for a library that sends this, register the client with --assertion-audience token-endpoint$`,
      ),
    )
  })

  test('may be missing for nobody', async () => {
    await refusal({ claims: { aud: undefined } }, /^client assertion: aud is missing; it must be the issuer/)
  })

  test('may be the token endpoint or the endpoint posted to for a client registered so, as the only value', async () => {
    const ok = async (aud: unknown, path?: string) =>
      (await send(await assertion({ client: legacy, claims: { aud } }), server, path)).status
    expect(await ok(`${server.issuer}/token`)).toBe(200)
    expect(await ok(server.issuer)).toBe(200)
    expect(await ok(`${server.issuer}/introspect`, '/introspect')).toBe(200)
    expect(await ok(`${server.issuer}/token`, '/introspect')).toBe(200)
    expect(await ok(`${server.issuer}/introspect`)).toBe(401)
    expect(await ok([`${server.issuer}/token`])).toBe(200)
    expect(await ok([`${server.issuer}/introspect`], '/introspect')).toBe(200)
    expect(await ok([`${server.issuer}/introspect`])).toBe(401)
    for (const other of [server.issuer, `${server.issuer}/token`, 'https://evil.example']) {
      expect(await ok([`${server.issuer}/token`, other])).toBe(401)
    }
  })

  test('is never made from the Host of a request', async () => {
    const response = await server.fetch('http://evil.example/token', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await assertion({ client: legacy, claims: { aud: 'http://evil.example/token' } }),
      }),
    })
    expect(response.status).toBe(421)
  })
})

describe('time', () => {
  test.each([
    ['with an iat that is no number', () => ({ iat: 'now' }), /^client assertion: iat is required/],
    [
      'without iat that lives for longer than an hour from now',
      () => ({ iat: undefined, exp: now() + 3620 }),
      /^client assertion: it lives 36[12]\d s from now to exp; at most 3600 s are allowed/,
    ],
    ['without exp', () => ({ exp: undefined }), /^client assertion: exp is required/],
    ['that expired', () => ({ iat: now() - 120, exp: now() - 60 }), /^client assertion: it expired \d+ s ago \(exp\)/],
    [
      'with iat in an hour',
      () => ({ iat: now() + 3600, exp: now() + 3660 }),
      /^client assertion: iat is \d+ s ahead of this server; at most 60 s/,
    ],
    [
      'with nbf in two minutes',
      () => ({ nbf: now() + 120 }),
      /^client assertion: nbf is \d+ s ahead of this server; at most 60 s/,
    ],
    [
      'that lives for two hours',
      () => ({ exp: now() + 7200 }),
      /^client assertion: it lives 7200 s from iat to exp; at most 3600 s are allowed/,
    ],
    ['that lives until 2100', () => ({ exp: 4_102_444_800 }), /^client assertion: it lives \d+ s from iat to exp/],
  ])('refuses an assertion %s', async (_name, claims, description) => {
    await refusal({ claims: claims() }, description)
  })

  test('accepts one without iat for up to an hour from now, once', async () => {
    const once = await assertion({ claims: { iat: undefined, exp: now() + 3600 } })
    expect((await send(once)).status).toBe(200)
    expect((await send(once)).status).toBe(401)
  })

  test('is at most as long as the client is registered for', async () => {
    const brief = await admin.client('machine', {
      signet_allow: [{ resource: API, scopes: ['posts:read'] }],
      signet_assertion_max_lifetime: 30,
    })
    const lives = (s: number) =>
      new RegExp(`^client assertion: it lives ${s} s from iat to exp; at most 30 s are allowed$`)
    await refusal({ client: brief }, lives(60))
    const withoutIat = { iat: undefined, exp: now() + 50 }
    await refusal(
      { client: brief, claims: withoutIat },
      /^client assertion: it lives \d+ s from now to exp; at most 30 s/,
    )
    expect((await send(await assertion({ client: brief, claims: { exp: now() + 30 } }))).status).toBe(200)
  })

  test.each([
    ['machine', 9, 'a whole number of seconds, 10 to 3600'],
    ['machine', 3601, 'a whole number of seconds, 10 to 3600'],
    ['machine', '60', 'a whole number of seconds, 10 to 3600'],
    ['fapi2', 301, 'a whole number of seconds, 10 to 300'],
    ['spa', 60, 'nothing here: only clients with private_key_jwt send assertions'],
  ])('of a %s client cannot be registered as %j', async (profile, given, expected) => {
    const redirects = profile === 'machine' ? {} : { redirect_uris: ['https://app.example.com/cb'] }
    const { jwks } = await admin.call<{ jwks: unknown }>('GET', `/clients/${strict.id}`)
    const keys = profile === 'spa' ? {} : { jwks }
    const answer = await admin.ask('POST', '/clients', {
      body: { signet_profile: profile, ...redirects, ...keys, signet_assertion_max_lifetime: given },
    })
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'signet_assertion_max_lifetime', given, expected }] },
    })
  })

  test('accepts exactly an hour, and iat and nbf up to a minute ahead', async () => {
    expect((await send(await assertion({ claims: { exp: now() + 3600 } }))).status).toBe(200)
    const ahead = { iat: now() + 50, nbf: now() + 50, exp: now() + 100 }
    expect((await send(await assertion({ claims: ahead }))).status).toBe(200)
  })
})

describe('identity', () => {
  test.each([
    [
      'the JWT type of an access token',
      { header: { typ: 'at+jwt' } },
      /^client assertion: typ is 'at\+jwt'; it must be absent/,
    ],
    ['the JWT type of a DPoP proof', { header: { typ: 'dpop+jwt' } }, /^client assertion: typ is 'dpop\+jwt'/],
    [
      'an issuer that is not the client',
      { claims: { iss: 'somebody' } },
      /^client assertion: iss is 'somebody'; it must be the client_id/,
    ],
    ['no jti', { claims: { jti: undefined } }, /^client assertion: jti is required/],
    ['a jti that is no text', { claims: { jti: 7 } }, /^client assertion: jti is required/],
  ])('refuses %s', async (_name, bent, description) => {
    await refusal(bent, description)
  })

  test('accepts the type client-authentication+jwt, and none', async () => {
    expect((await send(await assertion({ header: { typ: 'client-authentication+jwt' } }))).status).toBe(200)
    expect((await send(await assertion({ header: { typ: 'JWT' } }))).status).toBe(200)
  })

  test('accepts an assertion without kid', async () => {
    expect((await send(await assertion({ header: { kid: undefined } }))).status).toBe(200)
  })

  test('tells nothing before the signature is verified: unknown client, wrong key and wrong algorithm look alike', async () => {
    const stranger = await generateKeyPair('ES256', { extractable: true })
    const foreignKey = { ...(await exportJWK(stranger.privateKey)), alg: 'ES256' }
    const rsa = await generateKeyPair('RS256', { extractable: true })
    const rsaKey = { ...(await exportJWK(rsa.privateKey)), alg: 'RS256' }
    const attempts = [
      await assertion({ client: { ...strict, id: 'cli-unknown' } }),
      await assertion({ key: foreignKey }),
      await assertion({ key: foreignKey, claims: { aud: 'https://evil.example', exp: undefined } }),
      await assertion({ key: rsaKey }),
      new UnsecuredJWT({ iss: strict.id, sub: strict.id, aud: server.issuer })
        .setJti('x')
        .setExpirationTime('1m')
        .setIssuedAt()
        .encode(),
    ]
    for (const attempt of attempts) {
      const { status, body } = await send(attempt)
      expect(body).toEqual({ error: 'invalid_client', error_description: UNTOLD })
      expect(status).toBe(401)
    }
  })

  test('writes into the log what it does not tell', async () => {
    await send(await assertion({ client: { ...strict, id: 'cli-unknown' } }))
    const events = await admin.audit('token.refused')
    expect(events[0]).toMatchObject({ actor: { kind: 'anonymous' }, reason: 'invalid_client: client not found' })
  })
})

describe('reuse', () => {
  test('refuses an assertion that was used, on the other node and after a restart too', async () => {
    const reused = async () =>
      (await admin.audit('token.refused')).filter((event) => String(event['reason']).includes('used before')).length
    const before = await reused()
    const once = await assertion()
    expect((await send(once)).status).toBe(200)
    for (const node of [server, other]) {
      const { status, body } = await send(once, node)
      expect(body).toEqual({
        error: 'invalid_client',
        error_description: 'client assertion: it was used before; each request needs a new one with its own jti',
      })
      expect(status).toBe(401)
    }
    await other.kill('SIGKILL')
    await other.restart()
    expect((await send(once, other)).status).toBe(401)
    expect(await reused()).toBe(before + 3)
  })

  test('lets one of twenty at once through, over two nodes, and records each', async () => {
    const once = await assertion()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => send(once, index % 2 ? server : other)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19)
  })
})
