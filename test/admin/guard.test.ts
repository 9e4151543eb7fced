/** Who may call the admin API: each refusal with its status, code, sentence, challenge and audit event. */
import { generateKeyPair, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { SYSTEM } from '../../src/audit/audit.ts'
import { type Answer, startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()

interface Refusal {
  status: number
  code: string
  detail: string | RegExp
  challenge?: string | RegExp
}

async function expectRefused(answer: Answer, { status, code, detail, challenge }: Refusal): Promise<void> {
  const said = typeof detail === 'string' ? detail : expect.stringMatching(detail)
  expect(answer.body).toMatchObject({ status, code, detail: said, type: `${app.issuer}/docs/errors/${code}` })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  if (challenge !== undefined) {
    expect(answer.headers.get('www-authenticate')).toEqual(
      typeof challenge === 'string' ? challenge : expect.stringMatching(challenge),
    )
  }
  const event = await app.refusal()
  expect(event).toMatchObject({ outcome: 'failure', reason: code, requestId: answer.body.request_id })
  expect(event?.detail).toMatchObject({ status })
}

test('refuses a request without a token with a bare challenge', async () => {
  const answer = await app.call('GET', '/clients', { token: null })
  await expectRefused(answer, {
    status: 401,
    code: 'token_required',
    detail: 'The request needs an access token: Authorization: Bearer …',
    challenge: 'Bearer',
  })
  expect((await app.refusal())?.actor).toEqual({ kind: 'anonymous' })
})

test('refuses another scheme than Bearer as no token', async () => {
  const answer = await app.call('GET', '/clients', { token: null, headers: { authorization: 'Basic YTpi' } })
  await expectRefused(answer, {
    status: 401,
    code: 'token_required',
    detail: /needs an access token/,
    challenge: 'Bearer',
  })
})

test('refuses a malformed Authorization header', async () => {
  const answer = await app.call('GET', '/clients', { token: null, headers: { authorization: 'Bearer a b' } })
  await expectRefused(answer, {
    status: 400,
    code: 'invalid_request',
    detail: 'The Authorization header must be the word Bearer, one space and the access token.',
    challenge: /error="invalid_request"/,
  })
})

test('refuses a token in the query even beside a valid one', async () => {
  const answer = await app.call('GET', `/clients?access_token=${await app.token()}`)
  await expectRefused(answer, {
    status: 400,
    code: 'invalid_request',
    detail: 'The access token belongs in the Authorization header, never in the query; this one should be revoked.',
    challenge: /error="invalid_request"/,
  })
})

const now = () => Math.floor(Date.now() / 1000)
const INVALID: [string, () => Promise<string>, string][] = [
  ['an expired token', () => app.token({ iat: now() - 700, exp: now() - 60 }), 'The access token has expired.'],
  [
    'a token from the future',
    () => app.token({ iat: now() + 600, exp: now() + 900 }),
    'The access token was issued in the future.',
  ],
  [
    'a token of another issuer',
    () => app.token({ iss: 'https://elsewhere.example' }),
    `The access token was not issued by ${app.issuer}.`,
  ],
  [
    'a token for another API',
    () => app.token({ aud: 'https://api.example.com' }),
    `The access token is not for ${app.issuer}/admin/v1.`,
  ],
  [
    'a token for two APIs',
    () => app.token({ aud: [`${app.issuer}/admin/v1`, 'https://api.example.com'] }),
    `The access token is for several audiences; this API accepts tokens for ${app.issuer}/admin/v1 alone.`,
  ],
  [
    'a token of another type',
    () => app.token({}, { typ: 'JWT' }),
    'The token is not an access token: its typ must be at+jwt.',
  ],
  [
    'a token bound to a key',
    () => app.token({ cnf: { jkt: 'x' } }),
    'The access token is bound to a key and cannot be used as a bearer token.',
  ],
]

test.each(INVALID)('refuses %s', async (_, makeToken, detail) => {
  const answer = await app.call('GET', '/clients', { token: await makeToken() })
  await expectRefused(answer, {
    status: 401,
    code: 'invalid_token',
    detail,
    challenge: /^Bearer error="invalid_token"/,
  })
})

test('refuses a token that another key signed', async () => {
  const { privateKey } = await generateKeyPair('ES256')
  const kid = app.signingKeys.current().privateJwks[0]?.kid as string
  const forged = await new SignJWT({ client_id: app.caller.id, scope: 'clients:read', jti: 'x' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .setIssuer(app.issuer)
    .setSubject(app.caller.id)
    .setAudience(`${app.issuer}/admin/v1`)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey)
  const answer = await app.call('GET', '/clients', { token: forged })
  await expectRefused(answer, { status: 401, code: 'invalid_token', detail: /signature|key/i })
})

test('refuses a token without the scope of the route and names it', async () => {
  const token = await app.token({ scope: 'clients:read audit:read' })
  const answer = await app.call('POST', '/clients', { token, body: {} })
  await expectRefused(answer, {
    status: 403,
    code: 'insufficient_scope',
    detail: 'The access token lacks the scope clients:write.',
    challenge: 'Bearer error="insufficient_scope", scope="clients:write"',
  })
  expect(await app.refusal()).toMatchObject({
    actor: { kind: 'client', id: app.caller.id },
    clientId: app.caller.id,
    detail: { method: 'POST', route: '/admin/v1/clients', scope: 'clients:write' },
  })
})

test('refuses the token of a client that is disabled or deleted meanwhile', async () => {
  const { client } = await app.clients.create(machine(['clients:read']), SYSTEM)
  const token = await app.token({ sub: client.id, client_id: client.id, scope: 'clients:read' })
  expect((await app.call('GET', '/clients', { token })).status).toBe(200)

  await app.clients.setStatus(client.id, 'disabled', undefined, SYSTEM)
  await expectRefused(await app.call('GET', '/clients', { token }), {
    status: 401,
    code: 'invalid_token',
    detail: `The client of the access token, ${client.id}, is disabled.`,
    challenge: /^Bearer error="invalid_token"/,
  })

  await app.clients.remove(client.id, undefined, SYSTEM)
  await expectRefused(await app.call('GET', '/clients', { token }), {
    status: 401,
    code: 'invalid_token',
    detail: `The client of the access token, ${client.id}, is deleted.`,
  })
})

test('refuses a scope that was taken from the client after the token was issued', async () => {
  const { client } = await app.clients.create(machine(['clients:read', 'audit:read']), SYSTEM)
  const token = await app.token({ sub: client.id, client_id: client.id, scope: 'clients:read audit:read' })
  const { allowances } = machine(['audit:read'])
  await app.clients.update(client.id, { allowances }, undefined, SYSTEM)
  expect((await app.call('GET', '/audit', { token })).status).toBe(200)
  await expectRefused(await app.call('GET', '/clients', { token }), {
    status: 403,
    code: 'insufficient_scope',
    detail: `The client ${client.id} is no longer allowed the scope clients:read.`,
  })
})

test('refuses the token of a person, for nobody is an administrator yet', async () => {
  const token = await app.token({ sub: 'acc-ada', auth_time: now() })
  await expectRefused(await app.call('GET', '/clients', { token }), {
    status: 403,
    code: 'access_denied',
    detail: 'The admin API answers machine clients; this access token is of a person.',
  })
  expect(await app.refusal()).toMatchObject({ actor: { kind: 'account', id: 'acc-ada' }, clientId: app.caller.id })
})

test('takes a token signed with RS256, which a resource may ask for', async () => {
  const answer = await app.call('GET', '/clients', { token: await app.token({}, { alg: 'RS256', kid: rs256() }) })
  expect(answer.status).toBe(200)
})

test('takes tokens of the key that was retired by a rotation, and of keys that were made later', async () => {
  const before = await app.token()
  // the second rotation signs with a key that was not there when the API began
  await app.signingKeys.rotate('ES256', SYSTEM)
  await app.signingKeys.rotate('ES256', SYSTEM)
  expect((await app.call('GET', '/clients', { token: before })).status).toBe(200)
  expect((await app.call('GET', '/clients', { token: await app.token() })).status).toBe(200)
})

test('refuses a token of a key that was revoked', async () => {
  const token = await app.token()
  const kid = app.signingKeys.current().keys.find((key) => key.alg === 'ES256' && key.status === 'current')?.kid
  await app.signingKeys.rotate('ES256', SYSTEM)
  await app.signingKeys.revoke(String(kid), SYSTEM)
  await expectRefused(await app.call('GET', '/clients', { token }), {
    status: 401,
    code: 'invalid_token',
    detail: /key/,
  })
})

function rs256(): string {
  return app.signingKeys.current().privateJwks.find((key) => key.alg === 'RS256')?.kid as string
}

function machine(scopes: string[]) {
  return {
    origin: 'administrator' as const,
    profile: 'machine',
    metadata: { client_name: 'robot', token_endpoint_auth_method: 'client_secret_basic' },
    allowances: [{ resource: `${app.issuer}/admin/v1`, scopes }],
  }
}
