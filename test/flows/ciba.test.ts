/** A client asks a person without a browser, polls, and gets tokens once the person has approved (CIBA Core 1.0). */
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import type { TokenAnswer } from '../support/app.ts'
import { CIBA_GRANT, type CibaClient, createCibaClient, type People, signed } from '../support/ciba.ts'
import { ADA, type CibaWorld, startCibaWorld } from '../support/ciba-world.ts'
import { API } from '../support/hazard-world.ts'
import { letTimePass } from '../support/passed-time.ts'
import type { Server } from '../support/server.ts'

const HTTP = { [oauth.allowInsecureRequests]: true } as const
const nobody = { login_hint: 'nobody@example.com' }
let world: CibaWorld
let server: Server
let admin: Administrator
let people: People
let till: RegisteredClient
let client: CibaClient
let sub: string

beforeAll(async () => {
  world = await startCibaWorld()
  ;({ server, admin, people, till, client, sub } = world)
})

function keyOf({ key }: RegisteredClient) {
  return crypto.subtle.importKey('jwk', key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
}

describe('a library that nobody here wrote', () => {
  test('openid-client: asks with a signed request, waits, and gets the tokens of the person who approved', async () => {
    const fapi = await world.aClient({}, 'fapi2')
    const config = await openid.discovery(
      new URL(server.issuer),
      fapi.id,
      { backchannel_authentication_request_signing_alg: 'ES256' },
      openid.PrivateKeyJwt({ key: await keyOf(fapi), kid: 'k1' }),
      { execute: [openid.allowInsecureRequests] },
    )
    const handle = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const { request } = await signed(server.issuer, fapi, { ...ADA, binding_message: 'W4-SCT', scope: 'openid email' })
    const begun = await openid.initiateBackchannelAuthentication(config, { request: String(request) })
    expect(await people.newest(sub)).toMatchObject({
      clientId: fapi.id,
      bindingMessage: 'W4-SCT',
      asked: { openidScopes: ['openid', 'email'], resourceScopes: {} },
    })
    expect(await people.approve(sub)).toBe('approved')
    const tokens = await openid.pollBackchannelAuthenticationGrant(config, { ...begun, interval: 0 }, undefined, {
      DPoP: handle,
    })
    expect(tokens.token_type).toBe('dpop')
    expect(tokens.claims()).toMatchObject({ iss: server.issuer, aud: fapi.id, sub, amr: ['pwd'] })
  })

  test('oauth4webapi: a request for an API gives a token for it, and one that renews it', async () => {
    const issuer = new URL(server.issuer)
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, HTTP))
    const own: oauth.Client = { client_id: till.id }
    const auth = oauth.PrivateKeyJwt({ key: await keyOf(till), kid: 'k1' })
    const params = { ...ADA, scope: 'openid offline_access posts:read', resource: API, binding_message: 'Pay 5 €' }
    const begun = await oauth.processBackchannelAuthenticationResponse(
      as,
      own,
      await oauth.backchannelAuthenticationRequest(as, own, auth, params, HTTP),
    )
    expect(begun).toMatchObject({ interval: 5, expires_in: 600 })
    await people.approve(sub)
    const response = await oauth.backchannelAuthenticationGrantRequest(as, own, auth, begun.auth_req_id, HTTP)
    const tokens = await oauth.processBackchannelAuthenticationGrantResponse(as, own, response)
    expect(decodeJwt(tokens.access_token)).toMatchObject({ sub, aud: API, scope: 'posts:read', amr: ['pwd'] })
    expect((await client.refresh(String(tokens.refresh_token))).status).toBe(200)
    expect((await admin.audit('ciba.requested'))[0]).toMatchObject({
      client_id: till.id,
      account_id: sub,
      detail: { scope: 'openid offline_access posts:read', resource: [API] },
    })
    expect((await admin.audit('ciba.approved'))[0]).toMatchObject({
      actor: { kind: 'account', id: sub },
      client_id: till.id,
      detail: { openid_scopes: ['openid', 'offline_access'], resource_scopes: { [API]: ['posts:read'] } },
    })
  })
})

test('discovery names the endpoint and what it takes', async () => {
  const response = await server.fetch('/.well-known/openid-configuration')
  expect(await response.json()).toMatchObject({
    backchannel_authentication_endpoint: `${server.issuer}/backchannel/authorize`,
    backchannel_token_delivery_modes_supported: ['poll', 'ping'],
    backchannel_user_code_parameter_supported: true,
    backchannel_authentication_request_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    grant_types_supported: expect.arrayContaining([CIBA_GRANT]) as unknown,
  })
})

describe('who is meant', () => {
  test('a person is found by e-mail address, by subject, and by an ID token of an earlier sign-in', async () => {
    const begun = await client.begin({ login_hint: ' ADA@example.com ' })
    await people.approve(sub)
    const { body } = await client.poll(begun)
    for (const hint of [{ login_hint: sub }, { id_token_hint: String(body['id_token']) }]) {
      const again = await client.begin(hint)
      await people.approve(sub)
      expect(decodeJwt(String((await client.poll(again)).body['id_token'])).sub).toBe(sub)
    }
  })

  test('a hint that fits nobody is answered as any other, and waits until it expires', async () => {
    const [known, unknown] = [await client.ask(ADA), await client.ask(nobody)]
    const shapeOf = ({ status, body }: TokenAnswer) => ({
      status,
      ...body,
      auth_req_id: String(body['auth_req_id']).length,
    })
    expect(shapeOf(unknown)).toEqual(shapeOf(known))
    for (const { body } of [known, unknown]) {
      const answer = await client.poll({ auth_req_id: String(body['auth_req_id']) })
      expect(answer).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    }
    const [event] = await admin.audit('ciba.requested')
    expect(event).toMatchObject({ client_id: till.id })
    expect(event?.['account_id'] ?? null).toBeNull()
    await world.denyAll()
    await letTimePass(server.databaseUrl, 700, till.id)
    expect(await client.poll({ auth_req_id: String(unknown.body['auth_req_id']) })).toMatchObject({
      status: 400,
      body: { error: 'expired_token' },
    })
  })

  test('the limit of requests that wait for one person counts the same for nobody', async () => {
    const own = createCibaClient(server, await world.aClient())
    for (const hint of [ADA, nobody]) {
      for (let count = 0; count < 5; count += 1) await own.begin(hint)
      const answer = await own.ask(hint)
      await world.refused(answer, 429, {
        error: 'temporarily_unavailable',
        error_description: 'too many requests for this person wait for an answer',
      })
      expect(answer.headers.get('retry-after')).toBe('60')
    }
    await world.denyAll()
    await own.begin(ADA)
    await world.denyAll()
  })

  test('an account that is disabled is nobody', async () => {
    const gone = await admin.account('gone@example.com', PASSWORD)
    await admin.call('POST', `/accounts/${gone}/disable`, {})
    await client.begin({ login_hint: 'gone@example.com' })
    expect(await people.approvals.list(gone)).toEqual([])
  })

  test('exactly one hint is sent, and none that is a token', async () => {
    await world.refused(await client.ask({}), 400, {
      error: 'invalid_request',
      error_description: 'missing one of required parameters login_hint_token, id_token_hint, or login_hint',
    })
    await world.refused(await client.ask({ ...ADA, login_hint_token: 'x' }), 400, {
      error: 'invalid_request',
      error_description:
        'only one of required parameters login_hint_token, id_token_hint, or login_hint must be provided',
    })
    await world.refused(await client.ask({ login_hint_token: 'x' }), 400, {
      error: 'invalid_request',
      error_description:
        'login_hint_token is not supported: send login_hint (an e-mail address, or a sub that you got) or id_token_hint',
    })
  })
})

describe('the answer', () => {
  test('a refusal ends the request', async () => {
    const begun = await client.begin(ADA)
    const { id } = await people.newest(sub)
    expect(await people.deny(sub)).toBe('denied')
    const by = { actor: { kind: 'account', id: sub } } as const
    expect(await people.approvals.deny({ accountId: sub, id, by })).toBe('gone')
    expect(await client.poll(begun)).toMatchObject({
      status: 400,
      body: { error: 'access_denied', error_description: 'the person did not allow it' },
    })
    expect((await admin.audit('ciba.denied'))[0]).toMatchObject({
      actor: { kind: 'account', id: sub },
      client_id: till.id,
      reason: 'the person did not allow it',
    })
  })

  test('is the person’s alone, and comes too late once the request has expired', async () => {
    const other = await admin.account('grace@example.com', PASSWORD)
    await client.begin(ADA)
    const { id } = await people.newest(sub)
    const by = { actor: { kind: 'account', id: other } } as const
    expect(await people.approvals.deny({ accountId: other, id, by })).toBe('gone')
    expect(await people.approvals.find(other, id)).toBeUndefined()
    await letTimePass(server.databaseUrl, 700, till.id)
    expect(await people.approvals.list(sub)).toEqual([])
    expect(await people.approvals.deny({ accountId: sub, id, by })).toBe('gone')
  })

  test('a second redemption is refused quietly for some seconds, and later ends the grant', async () => {
    const begun = await client.begin({ ...ADA, scope: 'openid offline_access' })
    await people.approve(sub)
    const { body } = await client.poll(begun)
    expect(await client.poll(begun)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'it was used already' },
    })
    expect((await client.refresh(String(body['refresh_token']))).status).toBe(200)
    await letTimePass(server.databaseUrl, 30, till.id)
    const reused = await client.poll(begun)
    expect(reused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await admin.eventOf('token.reused', reused.headers)).toMatchObject({ client_id: till.id })
    expect((await client.refresh(String(body['refresh_token']))).body['error']).toBe('invalid_grant')
  })

  test('another client cannot redeem it', async () => {
    const other = createCibaClient(server, await world.aClient())
    const begun = await client.begin(ADA)
    await people.approve(sub)
    expect(await other.poll(begun)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await client.poll(begun)).status).toBe(200)
  })
})
