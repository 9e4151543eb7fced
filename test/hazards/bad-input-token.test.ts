/** Bad token requests: expired and foreign codes, tokens of another kind, wrong, repeated and missing parameters. */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { ASSERTION_TYPE, signAssertion } from '../support/assertion.ts'
import { person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let machine: RegisteredClient
let web: RegisteredClient
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  const signet_allow = [{ resource: API, scopes: ['posts:read'] }]
  machine = await admin.client('machine', { signet_allow })
  web = await admin.client('web', { redirect_uris: [CALLBACK], signet_allow })
  app = createApp(server, web, CALLBACK)
  await admin.account(ada.email, ada.password)
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

async function ask(params: Record<string, string> | [string, string][]) {
  const response = await server.fetch('/token', { method: 'POST', body: new URLSearchParams(params) })
  const requestId = response.headers.get('x-request-id') as string
  return {
    status: response.status,
    body: (await response.json()) as Record<string, string>,
    requestId,
    headers: response.headers,
  }
}

function byAssertion(assertion: string, params: Record<string, string> = {}) {
  return {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    ...params,
  }
}

function sign() {
  return signAssertion({ issuer: server.issuer, clientId: machine.id, key: machine.key })
}

/** The answer has exactly this error, is not kept by anybody, and the audit log has the refusal. */
async function expectRefused(
  answer: Awaited<ReturnType<typeof ask>>,
  status: number,
  body: Record<string, unknown>,
): Promise<void> {
  expect(answer).toMatchObject({ status, body })
  expect(answer.body).not.toHaveProperty('access_token')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const refused = await admin.audit('token.refused')
  expect(refused.find((event) => event['request_id'] === answer.requestId)).toMatchObject({ outcome: 'failure' })
}

describe('codes', () => {
  test('live a minute at most; an expired one is refused', async () => {
    const grant = await app.code(
      person(() => server),
      ada,
    )
    const lifetimes = await asSuperuser(async (client) => {
      const where = `kind = 'AuthorizationCode' AND client_id = $1`
      const { rows } = await client.query<{ seconds: string }>(
        `SELECT extract(epoch FROM expires_at - created_at) AS seconds FROM artefacts WHERE ${where}`,
        [web.id],
      )
      await client.query(
        `UPDATE artefacts SET expires_at = now() - interval '1 second',
           payload = payload || jsonb_build_object('exp', extract(epoch FROM now())::int - 1) WHERE ${where}`,
        [web.id],
      )
      return rows.map(({ seconds }) => Number(seconds))
    }, server.databaseUrl)
    expect(Math.max(...lifetimes)).toBeLessThanOrEqual(60.5)
    const answer = await app.redeem(grant)
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: expect.stringMatching(/expired/) as string },
    })
  })

  test('of another client, for another place or of nobody are refused, and stay good for their own', async () => {
    const other = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
    const grant = await app.code(
      person(() => server),
      ada,
    )
    const wrong = [
      await other.redeem(grant),
      await app.redeem(grant, { redirect_uri: 'https://shop.example.com/other' }),
      await app.redeem(grant, { redirect_uri: '' }),
      await app.redeem({ ...grant, code: 'nonsense' }),
      await app.redeem({ ...grant, code: '' }),
      await app.redeem({ ...grant, code: `${grant.code}x` }),
    ]
    for (const answer of wrong) {
      expect(answer.status).toBe(400)
      expect(['invalid_grant', 'invalid_request']).toContain(answer.body['error'])
      expect(answer.body['error_description']).toMatch(/\w+ \w+/)
    }
    expect((await app.redeem(grant)).status).toBe(200)
  })

  test('are no tokens of another kind, nor is anything else a code', async () => {
    const grant = await app.code(
      person(() => server),
      ada,
      { scope: 'openid offline_access' },
    )
    expect(await app.refresh(grant.code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const { body } = await app.redeem(grant)
    for (const value of [body['refresh_token'], body['access_token'], body['id_token']]) {
      expect(await app.redeem({ ...grant, code: value as string })).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      })
    }
  })
})

describe('parameters', () => {
  test.each([
    ['no grant type', { grant_type: '' }, 'invalid_request', /grant_type/],
    [
      'the password grant',
      { grant_type: 'password', username: 'a', password: 'b' },
      'unsupported_grant_type',
      /\w+ \w+/,
    ],
    ['an unknown grant type', { grant_type: 'urn:nonsense' }, 'unsupported_grant_type', /\w+ \w+/],
    [
      'a grant type of others',
      { grant_type: 'refresh_token', refresh_token: 'x' },
      'unauthorized_client',
      /client_credentials/,
    ],
    ['an unknown resource', { resource: 'https://nowhere.example' }, 'invalid_target', /nowhere\.example/],
    ['a resource that is no URI', { resource: 'nonsense' }, 'invalid_target', /absolute URI/],
    ['a scope of others', { scope: 'posts:write' }, 'invalid_scope', /posts:write/],
    ['an unknown scope', { scope: 'nonsense' }, 'invalid_scope', /nonsense/],
  ] as const)('%s is refused', async (_, params, error, sentence) => {
    const answer = await ask(byAssertion(await sign(), params))
    await expectRefused(answer, 400, { error, error_description: expect.stringMatching(sentence) })
  })

  test('repeated are invalid_request (RFC 6749 §3.1)', async () => {
    const once = Object.entries(byAssertion(await sign(), { scope: 'posts:read' }))
    for (const name of ['grant_type', 'client_assertion', 'client_assertion_type', 'scope']) {
      const value = once.find(([given]) => given === name)?.[1] ?? ''
      const answer = await ask([...once, [name, value]])
      expect(answer).toMatchObject({
        status: 400,
        body: {
          error: 'invalid_request',
          error_description: expect.stringMatching(/provided twice|more than once|duplicate|must not/i) as string,
        },
      })
    }
  })

  test('unknown are ignored, and the token is what RFC 9068 wants', async () => {
    const { status, body } = await ask(byAssertion(await sign(), { nonsense: '1', __proto__x: '2' }))
    expect(status).toBe(200)
    const token = body['access_token'] as string
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    const claims = decodeJwt(token)
    expect(claims).toMatchObject({ iss: server.issuer, aud: API, sub: machine.id, client_id: machine.id })
    expect(Object.keys(claims)).toEqual(expect.arrayContaining(['exp', 'iat', 'jti']))
  })

  test('a confidential client gets nothing without authentication', async () => {
    const attempts = [
      { grant_type: 'client_credentials' },
      { grant_type: 'client_credentials', client_id: machine.id },
      { grant_type: 'client_credentials', client_id: machine.id, client_secret: 'x' },
      {
        grant_type: 'authorization_code',
        client_id: web.id,
        code: 'x',
        redirect_uri: CALLBACK,
        code_verifier: 'x'.repeat(43),
      },
    ]
    for (const params of attempts) {
      const answer = await ask(params)
      expect([400, 401]).toContain(answer.status)
      expect(['invalid_client', 'invalid_request']).toContain(answer.body['error'])
      expect(answer.body['error_description']).toMatch(/\w+ \w+/)
    }
  })

  test.each([
    'Basic',
    'Basic x',
    'Basic Og==',
    `Basic ${Buffer.from('a:b:c').toString('base64')}`,
    `Basic ${Buffer.from('%zz:%zz').toString('base64')}`,
    `Basic ${Buffer.from('\0:\0').toString('base64')}`,
    'Bearer x',
    'Digest a=b',
    `Basic ${'A'.repeat(10_000)}`,
  ])('the Authorization header "%s" is refused with a sentence', async (authorization) => {
    const response = await server.fetch('/token', {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const body = (await response.json()) as Record<string, string>
    expect([400, 401]).toContain(response.status)
    expect(['invalid_client', 'invalid_request']).toContain(body['error'])
    expect(body['error_description']).toMatch(/\w+ \w+/)
  })
})
