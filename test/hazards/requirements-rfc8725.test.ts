/** What RFC 8725 (JSON Web Token Best Current Practices) demands of signatures, keys and claims that come in. */
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, type RegisteredClient } from '../support/administrator.ts'
import { ASSERTION_TYPE, signAssertion } from '../support/assertion.ts'
import { atEnd } from '../support/endings.ts'
import { type Server, startServer } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const UNTOLD = 'client authentication failed'
const signet_allow = [{ resource: API, scopes: ['posts:read'] }]
let server: Server
let admin: Administrator
let machine: RegisteredClient

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  machine = await admin.client('machine', { signet_allow })
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

async function send(assertion: string, also: Record<string, string> = {}) {
  const response = await server.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
      ...also,
    }),
  })
  const requestId = response.headers.get('x-request-id') as string
  return { status: response.status, body: (await response.json()) as Record<string, string>, requestId }
}

/** The assertion is refused with this sentence, and the audit log has the refusal. */
async function expectRefused(assertion: string, description: string | RegExp): Promise<void> {
  const { status, body, requestId } = await send(assertion)
  expect({ status, body }).toEqual({
    status: 401,
    body: { error: 'invalid_client', error_description: expect.stringMatching(description) as string },
  })
  const events = await admin.audit('token.refused')
  expect(events.find((event) => event['request_id'] === requestId)).toMatchObject({
    outcome: 'failure',
    reason: expect.stringMatching(/^invalid_client: /) as string,
  })
}

interface Bent {
  readonly client?: RegisteredClient
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly key?: JWK
}

function sign({ client = machine, key = client.key, ...bent }: Bent = {}): Promise<string> {
  return signAssertion({ issuer: server.issuer, clientId: client.id, key, ...bent })
}

/** Signs a text as it stands, right or not, with the key of the machine. */
async function signText(payload: string, header: object = {}): Promise<string> {
  return new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(await importJWK(machine.key, 'ES256'))
}

function claims(): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  return { iss: machine.id, sub: machine.id, aud: server.issuer, iat: now, exp: now + 60, jti: randomUUID() }
}

describe('the algorithm', () => {
  test('R48: is the one that was registered, although the key could do others', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true })
    const [jwk, key] = [await exportJWK(pair.publicKey), await exportJWK(pair.privateKey)]
    const also = {
      signet_allow,
      jwks: { keys: [{ ...jwk, kid: 'r1', use: 'sig' }] },
      token_endpoint_auth_signing_alg: 'PS256',
    }
    const client = { ...(await admin.client('machine', also)), key: { ...key, kid: 'r1' } }
    expect((await send(await sign({ client, key: { ...client.key, alg: 'PS256' } }))).status).toBe(200)
    await expectRefused(await sign({ client, key: { ...client.key, alg: 'RS256' } }), UNTOLD)
    await expectRefused(await sign({ client, key: machine.key }), UNTOLD)
  })

  test('R51: is none with a shared secret: none is advertised, none can be registered, and none is taken', async () => {
    const metadata = (await (await server.fetch('/.well-known/openid-configuration')).json()) as Record<string, unknown>
    for (const [name, value] of Object.entries(metadata)) {
      if (!/_alg_values|_algs?_|_enc_values/.test(name)) continue
      for (const alg of [value].flat())
        expect(`${name} ${String(alg)}`).not.toMatch(/ (?:HS\d+|none|RSA1_5|A\d+(?:GCM)?KW|dir)$/)
    }
    expect(metadata['token_endpoint_auth_methods_supported']).not.toContain('client_secret_jwt')
    await expect(admin.client('machine', { token_endpoint_auth_method: 'client_secret_jwt' })).rejects.toThrow(
      /400 .*token_endpoint_auth_method/,
    )
    await expect(
      admin.client('web', { redirect_uris: [CALLBACK], id_token_signed_response_alg: 'HS256' }),
    ).rejects.toThrow(/400 .*id_token_signed_response_alg/)
    const shared = await admin.client('machine', { token_endpoint_auth_method: 'client_secret_basic', signet_allow })
    for (const secret of [shared.secret as string, '']) {
      const input = [{ alg: 'HS256' }, { ...claims(), iss: shared.id, sub: shared.id }]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.')
      await expectRefused(
        `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`,
        /an assertion was sent, and the client is registered for client_secret_basic/,
      )
    }
  })

  test('R50: is only as good as the key: a point off its curve is never registered', async () => {
    const good = (await exportJWK((await generateKeyPair('ES256')).publicKey)) as { x: string; y: string }
    for (const bent of [
      { y: good.x },
      { x: 'AAAA' },
      { x: good.y, y: good.x },
      { x: Buffer.alloc(32).toString('base64url') },
    ]) {
      const keys = [{ ...good, ...bent, kid: 'k', alg: 'ES256', use: 'sig' }]
      await expect(admin.client('machine', { jwks: { keys } })).rejects.toThrow(/400 .*jwks/)
    }
  })
})

describe('claims and header', () => {
  test('R53: iss and sub are the client_id to the letter', async () => {
    const other = await admin.client('machine', { signet_allow })
    const shout = machine.id.toUpperCase()
    for (const sub of [other.id, shout, `${machine.id} `, '']) {
      const { status, body } = await send(await sign({ claims: { sub } }))
      expect([status, body['error']]).toEqual([401, 'invalid_client'])
      expect(body).not.toHaveProperty('access_token')
    }
    for (const iss of [other.id, shout, `${machine.id} `, server.issuer, '', [machine.id], null]) {
      await expectRefused(
        await sign({ claims: { iss } }),
        /^client (?:assertion: iss is .*; it must be the client_id|authentication failed)$/,
      )
    }
    // the key of one client in the name of another
    await expectRefused(await sign({ claims: { iss: other.id, sub: other.id } }), UNTOLD)
  })

  test('R55: nothing in a header names a key: no address is fetched, no key taken from it, no file or row found', async () => {
    let visits = 0
    const host = createServer((_request, response) => {
      visits++
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys: [stranger] }))
    })
    const pair = await generateKeyPair('ES256', { extractable: true })
    const stranger = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }
    const key = { ...(await exportJWK(pair.privateKey)), kid: 'k1', alg: 'ES256' }
    host.listen(0, '127.0.0.1')
    await once(host, 'listening')
    atEnd(() => host.close())
    const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/jwks`
    for (const header of [{ jku: url }, { x5u: url }, { jwk: stranger }, { x5c: ['AAAA'] }, { kid: url }]) {
      await expectRefused(await sign({ key, header }), UNTOLD)
    }
    expect(visits).toBe(0)
    for (const kid of ['../../../dev/null', "k1' OR '1'='1", 'k1\u0000', 'K1', 'k1 ', '', '__proto__']) {
      await expectRefused(await sign({ header: { kid } }), UNTOLD)
    }
    // beside the right key they are no fault, and not looked at
    expect((await send(await sign({ header: { jku: url, x5u: url, jwk: stranger } }))).status).toBe(200)
    expect(visits).toBe(0)
  })

  test('R55: a key id is a text', async () => {
    for (const kid of [1, {}, null, ['k1'], true]) {
      const assertion = await signText(JSON.stringify(claims()), { kid })
      await expectRefused(assertion, /^client assertion: kid is .*; it must be a text, or absent$/)
    }
  })

  test('R59: a name stands once, and a time is a number', async () => {
    const text = JSON.stringify(claims())
    for (const [name, first] of [
      ['aud', 'https://evil.example'],
      ['iss', 'nobody'],
      ['sub', 'nobody'],
      ['jti', 'x'],
      ['\\u0061ud', 'https://evil.example'],
    ] as const) {
      const sentence = new RegExp(
        `^client assertion: '${name.replace('\\u0061', 'a')}' stands in it twice; each name may stand once$`,
      )
      await expectRefused(await signText(text.replace('{', `{"${name}":"${first}",`)), sentence)
    }
    expect((await send(await signText(` ${text.replaceAll(':"', ' : "')} `))).status).toBe(200)
    for (const [name, value, sentence] of [
      ['exp', `"${Math.floor(Date.now() / 1000) + 60}"`, /exp is required: the time it ends, in seconds/],
      ['exp', 'null', /exp is required/],
      ['exp', '1e999', /it lives Infinity s/],
      ['iat', '"0"', /iat is required/],
      ['iat', '[]', /iat is required/],
      ['nbf', '"soon"', /nbf must be a time in seconds/],
      ['nbf', 'true', /nbf must be a time in seconds/],
    ] as const) {
      const { [name]: _gone, ...others } = claims()
      const bent = JSON.stringify(others).replace(/}$/, `,"${name}":${value}}`)
      await expectRefused(await signText(bent), sentence)
    }
    for (const payload of ['[]', 'null', '"x"', '1', '{', '']) {
      const { status, body } = await send(await signText(payload), { client_id: machine.id })
      expect([400, 401]).toContain(status)
      expect(body['error']).toMatch(/^invalid_(?:request|client)$/)
      expect(body['error_description']).toMatch(/\w+ \w+/)
    }
  })
})
