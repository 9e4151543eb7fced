/** Each JWT is for one use (RFC 8725 §3.11, §3.12), and encrypted ones from others are for none. */
import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes, randomUUID } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import type { JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { ASSERTION_TYPE, signAssertion } from '../support/assertion.ts'
import { firstAnswer } from '../support/first-answer.ts'
import { person, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let web: RegisteredClient
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  await admin.account(ada.email, ada.password)
  const signet_allow = [{ resource: API, scopes: ['posts:read'] }]
  web = await admin.client('web', { redirect_uris: [CALLBACK], signet_allow })
  app = createApp(server, web, CALLBACK)
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

/** The JWT is refused as an assertion, with nothing said of why, and the audit log has the refusal. */
async function expectNoAssertion(assertion: string): Promise<void> {
  const response = await server.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
    }),
  })
  const { error, error_description: description } = (await response.json()) as Record<string, string>
  expect(`${response.status} ${error}: ${description}`).toMatch(
    /^(?:401 invalid_client: client authentication failed|400 invalid_request: invalid client_assertion format)$/,
  )
  expect(await admin.eventOf('token.refused', response.headers)).toMatchObject({ outcome: 'failure' })
}

describe('encryption', () => {
  test('R49: by RSA1_5 or with a shared key is offered nowhere and cannot be registered', async () => {
    const metadata = (await (await server.fetch('/.well-known/openid-configuration')).json()) as Record<
      string,
      string[]
    >
    const algs = Object.keys(metadata).filter((name) => name.includes('encryption_alg'))
    expect(algs.toSorted()).toEqual([
      'authorization_encryption_alg_values_supported',
      'id_token_encryption_alg_values_supported',
      'introspection_encryption_alg_values_supported',
      'userinfo_encryption_alg_values_supported',
    ])
    for (const alg of algs.flatMap((name) => metadata[name] ?? [])) expect(alg).toMatch(/^(?:RSA-OAEP-256|ECDH-ES)/)
    const { keys } = (await (await server.fetch('/jwks')).json()) as { keys: JWK[] }
    expect(keys.every(({ use }) => use === 'sig')).toBe(true)
    for (const name of ['id_token', 'userinfo', 'introspection', 'authorization']) {
      const field = `${name}_encrypted_response_alg`
      const client = admin.client('web', { redirect_uris: [CALLBACK], [field]: 'RSA1_5' })
      await expect(client).rejects.toThrow(new RegExp(`400 .*${field}`))
    }
  })

  test('R52: is undone for nobody: a compressed and encrypted JWT is no assertion, hint or token', async () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: web.id, sub: web.id, aud: server.issuer, iat: now, exp: now + 60, jti: randomUUID() }
    const small = await encrypted(JSON.stringify(claims))
    const bomb = await encrypted(JSON.stringify({ ...claims, filler: ' '.repeat(10_000_000) }))
    for (const assertion of [small, bomb]) await expectNoAssertion(assertion)
    const hint = await firstAnswer(server, app.begin({ id_token_hint: small }).url)
    expect(new URL(hint.location as string).searchParams.get('error')).toBe('invalid_request')
    const userinfo = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${small}` } })
    expect([userinfo.status, ((await userinfo.json()) as { error: string }).error]).toEqual([401, 'invalid_token'])
    const unsigned = `${small.split('.')[0]}.e30.`
    for (const token of [small, unsigned]) {
      expect((await app.call('/introspect', { token })).body).toEqual({ active: false })
      expect((await app.call('/revoke', { token })).status).toBe(200)
    }
  })

  /** A JWE for a key that the server publishes, with `zip` (RFC 7516 §4.1.3). */
  async function encrypted(text: string): Promise<string> {
    const { keys } = (await (await server.fetch('/jwks')).json()) as { keys: JWK[] }
    const jwk = keys.find(({ kty }) => kty === 'RSA') as JWK
    const head = Buffer.from(JSON.stringify({ alg: 'RSA-OAEP', enc: 'A256GCM', zip: 'DEF', kid: jwk.kid })).toString(
      'base64url',
    )
    const [key, iv] = [randomBytes(32), randomBytes(12)]
    const wrapped = publicEncrypt(
      { key: createPublicKey({ key: { ...jwk }, format: 'jwk' }), padding: constants.RSA_PKCS1_OAEP_PADDING },
      key,
    )
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(head))
    const content = Buffer.concat([cipher.update(deflateRawSync(text)), cipher.final()])
    return [head, ...[wrapped, iv, content, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
  }
})

test('R57: an ID token opens nothing, and an access token is no hint: each JWT is for one use', async () => {
  const other = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
  const { body } = await app.redeem(
    await app.code(
      person(() => server),
      ada,
      { scope: 'openid posts:read', resource: API },
    ),
  )
  const [idToken, accessToken] = [body['id_token'] as string, body['access_token'] as string]

  for (const [path, token] of [
    ['/userinfo', idToken],
    ['/userinfo', accessToken],
    ['/admin/v1/clients', idToken],
    ['/admin/v1/clients', accessToken],
  ] as const) {
    const answer = await server.fetch(path, { headers: { authorization: `Bearer ${token}` } })
    expect([path, answer.status]).toEqual([path, 401])
    expect(answer.headers.get('www-authenticate')).toMatch(/error="invalid_token", error_description="[^"]+ [^"]+"/)
  }
  expect((await app.call('/introspect', { token: idToken })).body).toEqual({ active: false })
  for (const token of [idToken, accessToken]) {
    await expectNoAssertion(token)
    expect(await app.refresh(token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  }

  for (const [by, hint] of [
    [app, accessToken],
    [other, idToken],
    [other, accessToken],
  ] as const) {
    const { location } = await firstAnswer(server, by.begin({ id_token_hint: hint, prompt: 'none' }).url)
    expect(Object.fromEntries(new URL(location as string).searchParams)).toMatchObject({
      error: 'login_required',
      error_description: 'id_token_hint could not be verified',
    })
  }
  const logout = await firstAnswer(server, `/logout?id_token_hint=${accessToken}`)
  expect({ status: logout.status, location: logout.location }).toEqual({ status: 200, location: null })
  expect(textOf(logout.html)).toContain('You are signed out')
})

test('R48: what is no request object is refused with a sentence wherever it comes, whoever signed it', async () => {
  const assertion = await signAssertion({
    issuer: server.issuer,
    clientId: web.id,
    key: web.key,
    claims: { client_id: web.id, redirect_uri: 'https://evil.example/' },
  })
  for (const [request, sentence] of [
    ['eyJhbGciOiJub25lIn0.e30.', "request object: alg is 'none'; it must be "],
    [assertion, 'request object: sub is the client_id, as in a client assertion'],
    ['x', 'request object: it is not a signed JWT'],
  ] as const) {
    const { status, location, headers } = await firstAnswer(server, app.begin({ request }).url)
    const answer = new URL(location as string)
    expect([status, answer.origin]).toEqual([303, 'https://shop.example.com'])
    const told = {
      error: 'invalid_request_object',
      error_description: expect.stringContaining(sentence) as string,
    }
    expect(Object.fromEntries(answer.searchParams)).toMatchObject({ ...told, iss: server.issuer })
    expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
      client_id: web.id,
      reason: expect.stringContaining(`invalid_request_object: ${sentence.replaceAll("'", '"')}`) as string,
    })
    const fragment = await firstAnswer(server, app.begin({ request, response_mode: 'fragment' }).url)
    expect(Object.fromEntries(new URLSearchParams(new URL(fragment.location as string).hash.slice(1)))).toMatchObject(
      told,
    )
    const form = await firstAnswer(server, app.begin({ request, response_mode: 'form_post' }).url)
    expect([form.status, form.location]).toEqual([400, null])
    expect(form.html).toMatch(/name="error_description" value="request object: [^"<>]+"/)
    const page = await firstAnswer(server, app.begin({ request, redirect_uri: '' }).url)
    expect([page.status, page.location]).toEqual([400, null])
    expect(textOf(page.html)).toContain('request object: ')
    expect(await app.push({ request })).toMatchObject({ status: 400, body: told })
  }
  const { location } = await firstAnswer(server, app.begin({ request_uri: 'https://evil.example/request.jwt' }).url)
  expect(Object.fromEntries(new URL(location as string).searchParams)).toMatchObject({
    error: 'request_uri_not_supported',
    error_description: expect.stringMatching(/^this request_uri is not supported: /) as string,
  })
})
