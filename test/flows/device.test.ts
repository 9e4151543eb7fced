/** A device without a browser gets tokens while its person signs in elsewhere (RFC 8628). */
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { describe, expect, test } from 'vitest'
import { connect, createDevice, DEVICE_GRANT } from '../support/device.ts'
import { ada, API, deviceStage } from '../support/device-stage.ts'
import { discoverServer, PLAIN_HTTP } from '../support/oauth4webapi.ts'

const { server, admin, sub, tv, device, aClient, someone } = await deviceStage()

describe('a library that nobody here wrote', () => {
  test('openid-client: asks, waits, and gets the tokens of the person who connected the device', async () => {
    const config = await openid.discovery(new URL(server.issuer), tv.id, undefined, openid.None(), {
      execute: [openid.allowInsecureRequests],
    })
    const begun = await openid.initiateDeviceAuthorization(config, { scope: 'openid email' })
    await connect(someone(), begun.user_code, ada)
    const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 })
    expect(tokens.claims()).toMatchObject({ iss: server.issuer, aud: tv.id, sub, amr: ['pwd'], email: ada.email })
    const info = await openid.fetchUserInfo(config, tokens.access_token, sub)
    expect(info.email).toBe(ada.email)
  })

  test('oauth4webapi: a confidential device with DPoP gets a bound token for an API and a refresh token', async () => {
    const client = await aClient({ token_endpoint_auth_method: 'private_key_jwt', dpop_bound_access_tokens: true })
    const as = await discoverServer(server.issuer)
    const own: oauth.Client = { client_id: client.id }
    const key = await crypto.subtle.importKey('jwk', client.key, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
    ])
    const auth = oauth.PrivateKeyJwt({ key, kid: 'k1' })
    const DPoP = oauth.DPoP(own, await oauth.generateKeyPair('ES256'))
    const begun = await oauth.processDeviceAuthorizationResponse(
      as,
      own,
      await oauth.deviceAuthorizationRequest(
        as,
        own,
        auth,
        { scope: 'openid offline_access posts:read', resource: API },
        PLAIN_HTTP,
      ),
    )
    expect(begun).toMatchObject({ expires_in: 600, interval: 5 })
    await connect(someone(), begun.user_code, ada)
    const tokens = await oauth.processDeviceCodeResponse(
      as,
      own,
      await oauth.deviceCodeGrantRequest(as, own, auth, begun.device_code, { ...PLAIN_HTTP, DPoP }),
    )
    expect(tokens).toMatchObject({ token_type: 'dpop', refresh_token: expect.any(String) })
    const { jkt } = (decodeJwt(tokens.access_token)['cnf'] ?? {}) as { jkt?: string }
    expect(jkt).toBe(await DPoP.calculateThumbprint())
    expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: API, sub, client_id: client.id, scope: 'posts:read' })
  })
})

describe('a device authorization request', () => {
  test('is answered with codes and addresses of the issuer, whatever Host or forwarded host it has', async () => {
    const { status, body, headers } = await device.ask(
      {},
      {
        ...server,
        fetch: (url, init) => server.fetch(url, { ...init, headers: { 'x-forwarded-host': 'evil.example' } }),
      },
    )
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${server.issuer}/device`,
      verification_uri_complete: `${server.issuer}/device?user_code=${body['user_code']}`,
      expires_in: 600,
      interval: 5,
    })
    expect(await admin.eventOf('device.requested', headers)).toMatchObject({
      outcome: 'success',
      client_id: tv.id,
      detail: { scope: expect.stringContaining('openid') },
    })
    const answer = await server.fetch('/.well-known/openid-configuration')
    const discoverServer = (await answer.json()) as Record<string, unknown>
    expect(discoverServer['device_authorization_endpoint']).toBe(`${server.issuer}/device/code`)
    expect(discoverServer['grant_types_supported']).toContain(DEVICE_GRANT)
  })

  test('lives as long as the settings say', async () => {
    await admin.call('PATCH', '/settings', { lifetimes: { device_code_seconds: 120 } })
    expect((await device.begin()).expires_in).toBe(120)
    await admin.call('PATCH', '/settings', { lifetimes: { device_code_seconds: null } })
  })

  const refusals: readonly [string, Record<string, string>, { status: number; error: string; says: RegExp }][] = [
    [
      'scope that nobody knows',
      { scope: 'all' },
      { status: 400, error: 'invalid_scope', says: /the scope all is refused/ },
    ],
    [
      'scope that the client may not have',
      { scope: 'posts:write', resource: API },
      { status: 400, error: 'invalid_scope', says: /the scope posts:write is refused/ },
    ],
    [
      'resource that is not registered',
      { resource: 'https://other.example' },
      { status: 400, error: 'invalid_target', says: /is not registered here/ },
    ],
    [
      'parameter that is too long',
      { scope: 'openid', nonce: 'x'.repeat(5000) },
      { status: 400, error: 'invalid_request', says: /nonce is too long: 5000 bytes/ },
    ],
    ['client that nobody knows', { client_id: 'nobody' }, { status: 401, error: 'invalid_client', says: /\w+/ }],
  ]
  test.each(refusals)('is refused for a %s, in JSON, with an event', async (_what, params, { status, error, says }) => {
    const answer = await device.ask(params)
    expect(answer).toMatchObject({ status, body: { error, error_description: expect.stringMatching(says) } })
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({
      outcome: 'failure',
      reason: expect.stringContaining(error),
      detail: { endpoint: 'device_authorization' },
    })
  })

  test('is refused for a client without the grant, which is told the ones it has', async () => {
    const spa = await admin.client('spa', { redirect_uris: ['https://app.example.com/cb'] })
    const answer = await createDevice(server, spa).ask()
    expect(answer).toMatchObject({
      status: 400,
      body: {
        error: 'unauthorized_client',
        error_description: `this client may not use the grant type ${DEVICE_GRANT}; it has: authorization_code, refresh_token`,
      },
    })
    expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({ client_id: spa.id })
  })

  test('is refused for a confidential client that does not prove itself', async () => {
    const client = await aClient({ token_endpoint_auth_method: 'private_key_jwt' })
    const answer = await createDevice(server, client).ask()
    expect(answer).toMatchObject({
      status: 401,
      body: { error: 'invalid_client', error_description: expect.stringContaining('registered for private_key_jwt') },
    })
    expect((await createDevice(server, client, false).ask()).status).toBe(200)
  })

  test.each(['GET', 'PUT'])('takes no %s', async (method) => {
    const response = await server.fetch('/device/code', { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })
})
