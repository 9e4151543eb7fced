/** Clients register themselves without an administrator (RFC 7591, OpenID Connect Dynamic Client Registration). */
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../../support/administrator.ts'
import { createApp } from '../../support/app.ts'
import { discoverServer, PLAIN_HTTP } from '../../support/oauth4webapi.ts'
import { answerOf, person, textOf } from '../../support/person.ts'
import { register, registrationRequest } from '../../support/registration.ts'
import { type Server, startServer } from '../../support/server.ts'

const CALLBACK = 'https://app.example.com/cb'
const PUBLIC = { token_endpoint_auth_method: 'none' }
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer({ env: { SIGNET_TRUSTED_PROXIES: '127.0.0.1' } })
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
})

async function discovered(path = '/.well-known/openid-configuration'): Promise<Record<string, unknown>> {
  return (await (await server.fetch(path)).json()) as Record<string, unknown>
}

test('without the setting nobody registers, and discovery names no endpoint', async () => {
  expect(await discovered()).not.toHaveProperty('registration_endpoint')
  const { status, headers, body } = await register(server, { redirect_uris: [CALLBACK] })
  expect(status).toBe(403)
  expect(body).toEqual({
    error: 'access_denied',
    error_description: 'Clients do not register themselves here: ask an administrator to register the client.',
  })
  expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({
    reason: expect.stringMatching(/^access_denied: Clients do not register themselves here/),
    detail: { endpoint: 'registration' },
  })
})

describe('open', () => {
  beforeAll(async () => {
    await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
  })

  test('both discovery documents name the endpoint', async () => {
    const expected = { registration_endpoint: `${server.issuer}/register` }
    expect(await discovered()).toMatchObject(expected)
    expect(await discovered('/.well-known/oauth-authorization-server')).toMatchObject(expected)
  })

  test('openid-client registers an app with a secret and signs a person in with it', async () => {
    const config = await openid.dynamicClientRegistration(
      new URL(server.issuer),
      { client_name: 'Notes', redirect_uris: [CALLBACK] },
      undefined,
      { execute: [openid.allowInsecureRequests] },
    )
    const registered = config.clientMetadata()
    expect(registered).toMatchObject({ client_secret: expect.stringMatching(/^sec-/), client_secret_expires_at: 0 })
    const verifier = openid.randomPKCECodeVerifier()
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid email',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 'st',
    })
    const left = await person(() => server).authorize(url.href, ada)
    const tokens = await openid.authorizationCodeGrant(config, left, {
      pkceCodeVerifier: verifier,
      expectedState: 'st',
    })
    expect(tokens.claims()).toMatchObject({ iss: server.issuer, aud: registered.client_id })
    // ID tokens travel in sign-out URLs
    expect(tokens.claims()).not.toHaveProperty('email')
  })

  test('oauth4webapi registers a public app and redeems a code with it', async () => {
    const as = await discoverServer(server.issuer)
    const metadata = { ...PUBLIC, client_name: 'Board', redirect_uris: [CALLBACK], scope: 'openid' }
    const response = await oauth.dynamicClientRegistrationRequest(as, metadata, PLAIN_HTTP)
    const client = await oauth.processDynamicClientRegistrationResponse(response)
    expect(client).toMatchObject({ ...metadata, scope: 'openid offline_access', grant_types: expect.any(Array) })
    expect(client).not.toHaveProperty('client_secret')
    const app = createApp(server, { id: client.client_id, key: {}, secret: undefined }, CALLBACK, true)
    const answer = await app.redeem(
      await app.code(
        person(() => server),
        ada,
        { scope: 'openid' },
      ),
    )
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
  })

  test('what is registered is told, once with the secret, and is not cached', async () => {
    const { status, headers, body } = await register(server, {
      client_name: 'Shop',
      'client_name#ko': '가게',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code'],
      // nobody knows it: RFC 7591 §2
      favourite_colour: 'green',
      software_statement: 'a.b.c',
    })
    expect(status).toBe(201)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(body).toEqual({
      client_id: expect.stringMatching(/^reg-/),
      client_id_issued_at: expect.any(Number),
      client_secret: expect.any(String),
      client_secret_expires_at: 0,
      client_name: 'Shop',
      'client_name#ko': '가게',
      application_type: 'web',
      redirect_uris: [CALLBACK],
      post_logout_redirect_uris: [],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'RS256',
      signet_id_token_claims: 'minimal',
      scope: 'openid profile email',
      registration_access_token: expect.stringMatching(/^rat-/),
      registration_client_uri: `${server.issuer}/register/${String(body['client_id'])}`,
    })
    const id = body['client_id'] as string
    const shown = await admin.call('GET', `/clients/${id}`)
    expect(shown).toMatchObject({ signet_profile: 'web', signet_client_origin: 'registration', signet_allow: [] })
    expect(JSON.stringify(shown)).not.toContain(body['client_secret'])
    expect(await admin.eventOf('client.created', headers)).toMatchObject({
      actor: { kind: 'anonymous' },
      client_id: id,
      detail: { profile: 'web', method: 'client_secret_basic', origin: 'registration' },
    })
  })

  test.each([
    ['spa', { ...PUBLIC, redirect_uris: [CALLBACK] }],
    ['native', { ...PUBLIC, redirect_uris: ['http://127.0.0.1:5000/cb'] }],
    ['native', { ...PUBLIC, redirect_uris: ['https://claimed.example.com/cb', 'http://localhost/cb'] }],
    ['native', { redirect_uris: ['com.example.app:/cb'] }],
    ['native', { application_type: 'native', redirect_uris: ['http://localhost/cb'] }],
    // a secret on a device is none
    [
      'native',
      {
        application_type: 'native',
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: ['http://localhost/cb'],
      },
    ],
    ['spa', { ...PUBLIC, application_type: 'web', redirect_uris: ['http://localhost:5000/cb'] }],
    ['web', { redirect_uris: ['http://localhost:5000/cb'] }],
    ['web', { token_endpoint_auth_method: 'client_secret_post', redirect_uris: [CALLBACK] }],
  ])('the kind %s follows from %j', async (profile, metadata) => {
    const { status, body } = await register(server, metadata)
    expect(status).toBe(201)
    const shown = await admin.call('GET', `/clients/${String(body['client_id'])}`)
    expect(shown['signet_profile']).toBe(profile)
    expect(body['token_endpoint_auth_method']).toMatch(profile === 'web' ? /^client_secret_/ : /^none$/)
  })

  test('grants that the server does not have, or that need an administrator, are left out', async () => {
    const { body } = await register(server, {
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'password', 'implicit'],
      response_types: ['code', 'token'],
    })
    expect(body).toMatchObject({ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] })
  })

  test.each([
    [
      'a redirect URI that runs script',
      { redirect_uris: ['javascript:alert(1)'] },
      'invalid_redirect_uri',
      /^redirect_uris\[0\]: .*expected another scheme than javascript/,
    ],
    [
      'plain http',
      { redirect_uris: ['http://app.example.com/cb'] },
      'invalid_redirect_uri',
      /https; plain http only on localhost/,
    ],
    ['no redirect URI', {}, 'invalid_redirect_uri', /at least one URI to come back to/],
    [
      'a service without a person',
      { grant_types: ['client_credentials'] },
      'invalid_client_metadata',
      /^grant_types: .*metadata of the kind machine.*expected metadata of one of the kinds web/,
    ],
    [
      'the implicit grant alone',
      { redirect_uris: [CALLBACK], grant_types: ['implicit'] },
      'invalid_client_metadata',
      /^grant_types: /,
    ],
    [
      'an unknown method',
      { redirect_uris: [CALLBACK], token_endpoint_auth_method: 'client_secret_jwt' },
      'invalid_client_metadata',
      /^token_endpoint_auth_method: /,
    ],
    [
      'a private key',
      {
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'topsecret' }] },
      },
      'invalid_client_metadata',
      /^jwks\.keys\[0\]\.d: .*not shown/,
    ],
    [
      'the right to introspect',
      { redirect_uris: [CALLBACK], signet_introspect: true },
      'invalid_client_metadata',
      /^signet_introspect: .*only an administrator sets it/,
    ],
    [
      'to pass as verified',
      { redirect_uris: [CALLBACK], signet_verified: true },
      'invalid_client_metadata',
      /^signet_verified: /,
    ],
  ])('%s is refused, with what would be right', async (_, metadata, error, description) => {
    const { status, headers, body } = await register(server, metadata)
    expect(status).toBe(400)
    expect(body['error']).toBe(error)
    expect(body['error_description']).toMatch(description)
    expect(JSON.stringify(body)).not.toContain('topsecret')
    expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({
      outcome: 'failure',
      reason: expect.stringMatching(new RegExp(`^${error}: `)),
      detail: { endpoint: 'registration' },
    })
  })

  test('what is no JSON object is refused', async () => {
    const send = async (body: string, type = 'application/json') => {
      const response = await server.fetch('/register', { method: 'POST', headers: { 'content-type': type }, body })
      return [response.status, ((await response.json()) as Record<string, string>)['error']]
    }
    expect(await send('[]')).toEqual([400, 'invalid_request'])
    expect(await send('{')).toEqual([400, 'invalid_request'])
    expect(await send('redirect_uris=x', 'application/x-www-form-urlencoded')).toEqual([415, 'invalid_request'])
    expect(await send(JSON.stringify({ client_name: 'x'.repeat(60_000) }))).toEqual([413, 'invalid_request'])
    const got = await server.fetch('/register', { headers: { accept: 'text/html' } })
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
    expect(got.headers.get('content-type')).toMatch(/^application\/json/)
  })

  test('nobody gets an answer for such an app without a click, though consent is remembered', async () => {
    const { body } = await register(server, { ...PUBLIC, client_name: 'Silent', redirect_uris: [CALLBACK] })
    const app = createApp(server, { id: body['client_id'] as string, key: {}, secret: undefined }, CALLBACK, true)
    const browser = person(() => server)
    await app.code(browser, ada)
    const again = await browser.visit(app.begin().url)
    expect(again.left).toBeUndefined()
    expect(textOf(again.html)).toContain('Silent')
    const silent = await browser.visit(app.begin({ prompt: 'none' }).url)
    expect(answerOf(silent.left as URL)).toMatchObject({ error: 'consent_required' })
  })

  test('an address registers some clients at once, then is asked to wait; others are not concerned', async () => {
    await admin.call('PATCH', '/settings', { limits: { anonymous_megabytes_per_hour: 1 } })
    const from = (address: string, name: string) =>
      registrationRequest(server, 'POST', undefined, {
        metadata: { ...PUBLIC, client_name: name, redirect_uris: [CALLBACK] },
        headers: { 'x-forwarded-for': address },
      })
    const answers = []
    for (let at = 0; at < 3; at += 1) answers.push(await from('192.0.2.7', `Many ${at}`))
    const refused = answers.find(({ status }) => status !== 201)
    expect(refused).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable' } })
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await from('192.0.2.8', 'Other')).status).toBe(201)
    // an identical registration stores nothing
    expect((await from('192.0.2.7', 'Many 0')).status).toBe(201)
    await admin.call('PATCH', '/settings', { limits: { anonymous_megabytes_per_hour: null } })
  })
})
