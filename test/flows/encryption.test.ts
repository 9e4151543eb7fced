/** Encrypted ID tokens and signed, encrypted userinfo answers (OpenID Connect Core §10.2, §5.3.2). */
import { createRemoteJWKSet, type CryptoKey, decodeProtectedHeader, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { aKey, decrypted } from '../support/encryption.ts'
import { keysHost } from '../support/keys-host.ts'
import { answerOf, person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example/cb'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let sub: string

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  sub = await admin.account(ada.email, ada.password)
})

async function registered(members: Record<string, unknown>): Promise<{ app: App; client: RegisteredClient }> {
  const registration = await admin.client('spa', { redirect_uris: [CALLBACK], ...members })
  return { app: createApp(server, registration, CALLBACK, true), client: registration }
}

async function tokensOf(app: App, params: Record<string, string> = { scope: 'openid email' }) {
  const { status, body } = await app.redeem(
    await app.code(
      person(() => server),
      ada,
      params,
    ),
  )
  expect({ status, error: body['error_description'] }).toEqual({ status: 200, error: undefined })
  return body
}

async function userinfo(accessToken: unknown) {
  const answer = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${String(accessToken)}` } })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

const opened = (jwe: unknown, privateKey: CryptoKey, audience: string) =>
  decrypted(jwe, { issuer: server.issuer, privateKey, audience })

test.each([
  ['RSA-OAEP-256', 'A128GCM'],
  ['ECDH-ES', 'A256GCM'],
  ['ECDH-ES+A128KW', 'A128CBC-HS256'],
  ['ECDH-ES+A256KW', 'A256CBC-HS512'],
])('ID tokens and userinfo answers are signed, then encrypted by %s and %s', async (alg, enc) => {
  const { privateKey, publicJwk } = await aKey(alg)
  const signing = (await aKey('ES256', { use: 'sig', kid: 's1' })).publicJwk
  const { app, client: own } = await registered({
    jwks: { keys: [signing, publicJwk] },
    id_token_encrypted_response_alg: alg,
    id_token_encrypted_response_enc: enc,
    userinfo_encrypted_response_alg: alg,
    userinfo_encrypted_response_enc: enc,
  })
  const { id_token: idToken, access_token: accessToken } = await tokensOf(app)
  const token = await opened(idToken, privateKey, own.id)
  expect(token.header).toMatchObject({ alg, enc, kid: 'e1', cty: 'JWT' })
  expect(token.payload).toMatchObject({ sub, email: ada.email })
  const answer = await userinfo(accessToken)
  expect([answer.status, answer.type]).toEqual([200, 'application/jwt; charset=utf-8'])
  expect((await opened(answer.text, privateKey, own.id)).payload).toMatchObject({ sub, email: ada.email })
})

test('without its own content encryption a client gets that of the specification, and userinfo is signed like ID tokens', async () => {
  const { publicJwk } = await aKey('ECDH-ES')
  const { client: own } = await registered({
    jwks: { keys: [publicJwk] },
    id_token_signed_response_alg: 'ES256',
    id_token_encrypted_response_alg: 'ECDH-ES',
    userinfo_encrypted_response_alg: 'ECDH-ES',
  })
  expect(await admin.call('GET', `/clients/${own.id}`)).toMatchObject({
    id_token_encrypted_response_enc: 'A128CBC-HS256',
    userinfo_encrypted_response_enc: 'A128CBC-HS256',
    userinfo_signed_response_alg: 'ES256',
  })
})

test('userinfo answers are signed alone where that is registered', async () => {
  const { app, client: own } = await registered({ userinfo_signed_response_alg: 'ES256' })
  const { text, type } = await userinfo((await tokensOf(app))['access_token'])
  expect(type).toBe('application/jwt; charset=utf-8')
  expect(decodeProtectedHeader(text)).toMatchObject({ alg: 'ES256' })
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
  const { payload } = await jwtVerify(text, keys, { issuer: server.issuer, audience: own.id })
  expect(payload).toMatchObject({ sub, email: ada.email })
})

test('openid-client decrypts both, and the ID token inside is a hint, the encrypted one is none', async () => {
  const { privateKey, publicJwk } = await aKey('RSA-OAEP-256', { use: 'enc', kid: 'e1', alg: 'RSA-OAEP-256' })
  const registration = await admin.client('web', {
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'client_secret_basic',
    jwks: { keys: [publicJwk] },
    id_token_encrypted_response_alg: 'RSA-OAEP-256',
    id_token_encrypted_response_enc: 'A256GCM',
    userinfo_encrypted_response_alg: 'RSA-OAEP-256',
    userinfo_encrypted_response_enc: 'A256GCM',
  })
  const execute = [client.allowInsecureRequests]
  const config = await client.discovery(new URL(server.issuer), registration.id, registration.secret, undefined, {
    execute,
  })
  client.enableDecryptingResponses(config, ['A256GCM'], { key: privateKey, alg: 'RSA-OAEP-256', kid: 'e1' })
  const codeVerifier = client.randomPKCECodeVerifier()
  const parameters = {
    redirect_uri: CALLBACK,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  }
  const browser = person(() => server)
  const back = await browser.authorize(client.buildAuthorizationUrl(config, parameters).href, ada)
  const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: codeVerifier })
  expect(tokens.claims()).toMatchObject({ sub })
  expect(await client.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({ sub, email: ada.email })

  const { jws } = await opened(tokens.id_token, privateKey, registration.id)
  const hinted = async (hint: string) => {
    const silent = client.buildAuthorizationUrl(config, { ...parameters, prompt: 'none', id_token_hint: hint })
    return answerOf((await browser.visit(silent.href)).left as URL)
  }
  expect(await hinted(jws)).toHaveProperty('code')
  expect(await hinted(String(tokens.id_token))).toMatchObject({ error: 'login_required' })
})

describe('keys at a jwks_uri', () => {
  const members = { id_token_encrypted_response_alg: 'ECDH-ES', id_token_encrypted_response_enc: 'A128GCM' }

  test('are fetched once for many tokens', async () => {
    const { privateKey, publicJwk } = await aKey('ECDH-ES')
    const host = await keysHost([publicJwk])
    const { app, client: own } = await registered({ ...members, jwks_uri: host.url })
    for (let count = 0; count < 3; count++) await opened((await tokensOf(app))['id_token'], privateKey, own.id)
    expect(host.asked).toBe(1)
  })

  test('that cannot be fetched, or hold none that fits, refuse the request, and the code still works afterwards', async () => {
    const { privateKey, publicJwk } = await aKey('ECDH-ES')
    const signing = (await aKey('ES256', { use: 'sig', kid: 's1' })).publicJwk
    const edwards = (await aKey('EdDSA', { kid: 'x1' })).publicJwk
    const host = await keysHost([publicJwk])
    host.answer.status = 500
    const { app, client: own } = await registered({ ...members, jwks_uri: host.url })
    const grant = await app.code(
      person(() => server),
      ada,
    )
    const refused = await app.redeem(grant)
    expect([refused.status, refused.body]).toEqual([
      400,
      {
        error: 'invalid_client_metadata',
        error_description: 'The keys of the client could not be fetched: it answered with status 500',
      },
    ])
    expect(await admin.eventOf('token.refused', refused.headers)).toMatchObject({
      client_id: own.id,
      outcome: 'failure',
      reason: expect.stringContaining('it answered with status 500') as string,
    })
    Object.assign(host.answer, { status: 200, keys: [signing, edwards] })
    await admin.call('POST', `/clients/${own.id}/keys/refetch`)
    const unfit = await app.redeem(grant)
    expect(unfit.body).toEqual({
      error: 'invalid_client_metadata',
      error_description: 'no suitable encryption key found (ECDH-ES)',
    })
    host.answer.keys = [signing, edwards, publicJwk]
    await admin.call('POST', `/clients/${own.id}/keys/refetch`)
    const { status, body } = await app.redeem(grant)
    expect(status).toBe(200)
    await opened(body['id_token'], privateKey, own.id)
  })

  test('a revoked key encrypts nothing any more', async () => {
    const { publicJwk } = await aKey('ECDH-ES')
    const host = await keysHost([publicJwk])
    const { app, client: own } = await registered({ ...members, jwks_uri: host.url })
    await tokensOf(app)
    await admin.call('DELETE', `/clients/${own.id}/keys/e1`)
    const refused = await app.redeem(
      await app.code(
        person(() => server),
        ada,
      ),
    )
    expect(refused.body).toMatchObject({ error: 'invalid_client_metadata' })
  })
})

describe('registration', () => {
  async function faults(members: Record<string, unknown>, profile = 'spa') {
    const redirects = profile === 'machine' ? {} : { redirect_uris: [CALLBACK] }
    const body = { signet_profile: profile, ...redirects, ...members }
    const answer = await admin.ask('POST', '/clients', { body })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_client_metadata' } })
    return (answer.body as { errors: { field: string; given: unknown; expected: string }[] }).errors
  }
  const algs = 'RSA-OAEP-256 or ECDH-ES or ECDH-ES+A128KW or ECDH-ES+A256KW'

  test.each(['dir', 'A128KW', 'A256GCMKW', 'RSA1_5', 'RSA-OAEP', 'none', 7])(
    'the algorithm %j is refused: nothing symmetric, nothing weak',
    async (alg) => {
      const { publicJwk } = await aKey('RSA-OAEP-256')
      const members = { jwks: { keys: [publicJwk] }, id_token_encrypted_response_alg: alg }
      const secret = { token_endpoint_auth_method: 'client_secret_basic' }
      const expected = [{ field: 'id_token_encrypted_response_alg', given: alg, expected: algs }]
      expect(await faults(members)).toEqual(expected)
      expect(await faults({ ...members, ...secret }, 'web')).toEqual(expected)
    },
  )

  test('an algorithm without a key for it is refused', async () => {
    const signing = (await aKey('ES256', { use: 'sig', kid: 's1' })).publicJwk
    const expected = 'a key for id_token_encrypted_response_alg ECDH-ES, with "use": "enc", or jwks_uri'
    const alg = { id_token_encrypted_response_alg: 'ECDH-ES' }
    expect(await faults(alg)).toEqual([{ field: 'jwks', given: null, expected }])
    const jwks = { keys: [signing] }
    expect(await faults({ ...alg, jwks })).toEqual([{ field: 'jwks', given: 'no key for it', expected }])
  })

  test('signatures by a secret, encryption of nothing, and a client that knows nobody are refused', async () => {
    expect(await faults({ userinfo_signed_response_alg: 'HS256' })).toEqual([
      { field: 'userinfo_signed_response_alg', given: 'HS256', expected: 'for spa RS256, ES256' },
    ])
    expect(await faults({ id_token_encrypted_response_enc: 'A128GCM' })).toEqual([
      {
        field: 'id_token_encrypted_response_enc',
        given: 'A128GCM',
        expected: 'nothing here without id_token_encrypted_response_alg',
      },
    ])
    const machine = { token_endpoint_auth_method: 'client_secret_basic', userinfo_signed_response_alg: 'ES256' }
    expect(await faults(machine, 'machine')).toEqual([
      {
        field: 'userinfo_signed_response_alg',
        given: 'ES256',
        expected: 'nothing here: a machine client gets no ID tokens',
      },
    ])
  })

  test('discovery lists what can be registered, and nothing symmetric', async () => {
    const metadata = (await (await server.fetch('/.well-known/openid-configuration')).json()) as Record<string, unknown>
    const [all, contents] = [algs.split(' or '), ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM']]
    expect(metadata).toMatchObject({
      id_token_encryption_alg_values_supported: all,
      id_token_encryption_enc_values_supported: contents,
      userinfo_signing_alg_values_supported: expect.arrayContaining(['RS256', 'ES256']) as string[],
      userinfo_encryption_alg_values_supported: all,
      userinfo_encryption_enc_values_supported: contents,
    })
  })
})
