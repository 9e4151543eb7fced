/** What a backchannel authentication request may ask: in general, and of a fapi2 client (CIBA Core 1.0 §7, FAPI-CIBA). */
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Administrator, RegisteredClient } from '../support/administrator.ts'
import { CIBA_GRANT, type CibaClient, createCibaClient, type People, signed } from '../support/ciba.ts'
import { ADA, type CibaWorld, startCibaWorld } from '../support/ciba-world.ts'
import { API } from '../support/hazard-world.ts'
import type { Server } from '../support/server.ts'

const MFA = 'urn:signet:acr:mfa'
let world: CibaWorld
let server: Server
let admin: Administrator
let people: People
let client: CibaClient
let sub: string

beforeAll(async () => {
  world = await startCibaWorld()
  ;({ server, admin, people, client, sub } = world)
})

describe('what is asked', () => {
  test.each([
    ['x'.repeat(65), 'has 65 characters; at most 64 are allowed'],
    ['two\nlines', 'must be plain text of one line, without control or invisible characters'],
    ['\u202Eevil', 'must be plain text of one line, without control or invisible characters'],
    ['see https://evil.example', 'must not contain the address of a page'],
  ])('the binding message %j is refused', async (message, fault) => {
    await world.refused(await client.ask({ ...ADA, binding_message: message }), 400, {
      error: 'invalid_binding_message',
      error_description: `binding_message ${fault}`,
    })
  })

  test('a binding message may be in any language', async () => {
    await client.begin({ ...ADA, binding_message: '커피 두 잔 · 9,000원' })
    expect((await people.newest(sub)).bindingMessage).toBe('커피 두 잔 · 9,000원')
    await world.denyAll()
  })

  test('the client may ask for a shorter life, and not for a longer one', async () => {
    expect((await client.begin({ login_hint: 'hurried', requested_expiry: '90' })).expires_in).toBe(90)
    expect((await client.begin({ login_hint: 'patient', requested_expiry: '9000' })).expires_in).toBe(600)
    await world.refused(await client.ask({ ...ADA, requested_expiry: '-1' }), 400, {
      error: 'invalid_request',
      error_description: 'invalid requested_expiry parameter value',
    })
  })

  test('a scope or resource that the client may not have is refused by name', async () => {
    await world.refused(await client.ask({ ...ADA, scope: 'openid posts:write', resource: API }), 400, {
      error: 'invalid_scope',
      error_description: 'the scope posts:write is refused: this client may not ask for it',
    })
    await world.refused(await client.ask({ ...ADA, resource: 'https://other.example.com' }), 400, {
      error: 'invalid_target',
      error_description: 'the resource https://other.example.com is not registered here',
    })
  })

  test('a client without the grant is told what it may use', async () => {
    const web = createCibaClient(server, await world.aClient({ grant_types: ['authorization_code'] }))
    await world.refused(await web.ask(ADA), 400, {
      error: 'unauthorized_client',
      error_description: `this client may not use the grant type ${CIBA_GRANT}; it has: authorization_code`,
    })
  })

  test('a person who signed in too weakly, or too long ago, approves nothing until they sign in again', async () => {
    const begun = await client.begin({ ...ADA, acr_values: MFA, max_age: '60' })
    const old = new Date(Date.now() - 120_000)
    expect(await people.approve(sub)).toBe('unmet')
    expect(await people.approve(sub, { acr: MFA, signedInAt: old })).toBe('unmet')
    expect(await client.poll(begun)).toMatchObject({ body: { error: 'authorization_pending' } })
    const provenAt = { passkey: Math.floor(Date.now() / 1000) }
    expect(await people.approve(sub, { acr: MFA, amr: ['pwd', 'otp'], signedInAt: old, provenAt })).toBe('approved')
    const { body } = await client.poll(begun)
    // the poll came too soon after the first one; the approval counts all the same
    expect(decodeJwt(String(body['id_token']))).toMatchObject({ acr: MFA, auth_time: provenAt.passkey })
  })

  test.each(['GET', 'PUT'])('is not asked by %s', async (method) => {
    const response = await server.fetch('/backchannel/authorize', { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('an essential acr that no sign-in reaches is refused', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:example:gold'] } } })
    await world.refused(await client.ask({ ...ADA, claims }), 400, {
      error: 'invalid_request',
      error_description: 'no sign-in here reaches the essential acr urn:example:gold; see acr_values_supported',
    })
  })
})

describe('a fapi2 client', () => {
  let fapi: RegisteredClient
  let own: CibaClient
  beforeAll(async () => {
    fapi = await world.aClient({}, 'fapi2')
    own = createCibaClient(server, fapi)
  })

  test('signs its requests', async () => {
    await world.refused(await own.ask({ ...ADA, binding_message: 'W4-SCT' }), 400, {
      error: 'invalid_request',
      error_description: 'a fapi2 client must sign the request: send it as a JWT in the parameter request',
    })
  })

  test('sends a binding message', async () => {
    await world.refused(await own.ask(await signed(server.issuer, fapi, ADA)), 400, {
      error: 'invalid_binding_message',
      error_description: 'binding_message is missing: a fapi2 client sends it, unless it sends authorization_details',
    })
  })

  const bound = { ...ADA, binding_message: 'W4-SCT' }

  test.each([
    [{ jti: undefined }, 'jti is required in an authentication request'],
    [{ nbf: undefined }, 'nbf is required: the time from which it counts, in seconds'],
    [{ iat: undefined }, 'iat is required in an authentication request'],
    [{ aud: 'https://other.example' }, /aud is 'https:\/\/other.example'; it must be the issuer/],
  ])('is told what is wrong with a signed request: %j', async (claims, fault) => {
    const answer = await own.ask(await signed(server.issuer, fapi, bound, claims))
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(answer.body['error_description']).toMatch(fault)
    expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({ client_id: fapi.id })
  })

  test('sends each signed request once', async () => {
    const params = await signed(server.issuer, fapi, bound)
    expect((await own.ask(params)).status).toBe(200)
    await world.refused(await own.ask(params), 400, {
      error: 'invalid_request',
      error_description: 'request object: it was used before; each request needs a new one with its own jti',
    })
    await world.denyAll()
  })
})
