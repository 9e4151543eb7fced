/** Backchannel requests of particular clients: with authorization details, with pairwise subjects, self-registered (CIBA). */
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { CIBA_GRANT, createCibaClient, type People, POLLING_CLIENT, signed } from '../support/ciba.ts'
import { ADA, type CibaWorld, startCibaWorld } from '../support/ciba-world.ts'
import { keysHost } from '../support/keys-host.ts'
import { register } from '../support/registration.ts'
import type { Server } from '../support/server.ts'

const BANK = 'https://bank.example.com'
const PAYMENT = {
  type: 'payment_initiation',
  name: 'Make a payment',
  schema: { type: 'object', required: ['type', 'creditorName'], properties: { creditorName: { type: 'string' } } },
}
const pay = { type: 'payment_initiation', creditorName: 'Merchant A' }
let world: CibaWorld
let server: Server
let admin: Administrator
let people: People
let sub: string

beforeAll(async () => {
  world = await startCibaWorld()
  ;({ server, admin, people, sub } = world)
  await admin.resource(BANK, ['accounts:read'], { authorization_details_types: [PAYMENT] })
})

describe('authorization details', () => {
  const allowed = {
    signet_allow: [{ resource: BANK, scopes: ['accounts:read'] }],
    authorization_details_types: [PAYMENT.type],
  }

  test('are shown to the person, and are in the token', async () => {
    const client = createCibaClient(server, await world.aClient(allowed))
    const begun = await client.begin({ ...ADA, authorization_details: JSON.stringify([pay]) })
    expect(await people.newest(sub)).toMatchObject({ details: [pay], resources: [BANK], bindingMessage: undefined })
    await people.approve(sub)
    const { body } = await client.poll(begun)
    expect(body['authorization_details']).toEqual([pay])
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ sub, aud: BANK, authorization_details: [pay] })
    expect((await admin.audit('ciba.approved'))[0]).toMatchObject({
      detail: { authorization_details_types: [PAYMENT.type] },
    })
  })

  test('of a type that the client may not ask for are refused', async () => {
    const client = createCibaClient(server, await world.aClient())
    const answer = await client.ask({ ...ADA, authorization_details: JSON.stringify([pay]) })
    const fault = (quote: string) =>
      `authorization_details: the type ${quote}payment_initiation${quote} is not registered for this client: it may ask for none`
    const body = { error: 'invalid_authorization_details', error_description: fault("'") }
    await world.refused(answer, 400, body, fault('"'))
  })

  test('take the place of a binding message for a fapi2 client', async () => {
    const fapi = await world.aClient(allowed, 'fapi2')
    const params = await signed(server.issuer, fapi, { ...ADA, authorization_details: JSON.stringify([pay]) })
    expect((await createCibaClient(server, fapi).ask(params)).status).toBe(200)
    await world.denyAll()
  })
})

test('a pairwise client names and gets a subject of its own, and not the account id', async () => {
  const keys = await keysHost([])
  const sector = await keysHost([])
  sector.answer.body = JSON.stringify([...POLLING_CLIENT.redirect_uris, keys.url])
  const registered = await world.aClient({
    subject_type: 'pairwise',
    jwks_uri: keys.url,
    sector_identifier_uri: sector.url,
  })
  const { d: _private, ...publicKey } = registered.key
  keys.answer.keys = [publicKey]
  const client = createCibaClient(server, registered)
  const begun = await client.begin(ADA)
  await people.approve(sub)
  const { body } = await client.poll(begun)
  const own = String(decodeJwt(String(body['id_token'])).sub)
  expect(own).toMatch(/^pair-/)
  for (const hint of [{ login_hint: own }, { id_token_hint: String(body['id_token']) }]) {
    await client.begin(hint)
    expect((await people.newest(sub)).clientId).toBe(registered.id)
    await world.denyAll()
  }
  // to know it would compare people with another client
  await client.begin({ login_hint: sub })
  expect(await people.approvals.list(sub)).toEqual([])
})

test('a client asks only with a hint that was made for it', async () => {
  const [one, other] = [await world.aClient(), await world.aClient()]
  const client = createCibaClient(server, one)
  const begun = await client.begin(ADA)
  await people.approve(sub)
  const { body } = await client.poll(begun)
  const stolen = { id_token_hint: String(body['id_token']) }
  const wanted = { error: 'invalid_request', error_description: 'could not validate id_token_hint' }
  const answer = await createCibaClient(server, other).ask(stolen)
  await world.refused(answer, 400, wanted, 'unexpected "aud" claim value')
})

test('a client asks a person a number of times within an hour, and does not keep others from asking', async () => {
  await admin.call('PATCH', '/settings', { limits: { backchannel_requests_per_hour: 2 } })
  const [one, other] = [await world.aClient(), await world.aClient()]
  const client = createCibaClient(server, one)
  for (let count = 0; count < 2; count += 1) {
    await client.begin(ADA)
    await world.denyAll()
  }
  const answer = await client.ask(ADA)
  await world.refused(answer, 429, {
    error: 'temporarily_unavailable',
    error_description: 'this client has made too many requests for this person within an hour',
  })
  expect(answer.headers.get('retry-after')).toBe('600')
  expect(await people.approvals.list(sub)).toEqual([])
  await createCibaClient(server, other).begin(ADA)
  await world.denyAll()
  await admin.call('PATCH', '/settings', { limits: { backchannel_requests_per_hour: 1000 } })
})

describe('a client that registers itself', () => {
  const metadata = {
    ...POLLING_CLIENT,
    token_endpoint_auth_method: 'client_secret_post',
    backchannel_token_delivery_mode: 'poll',
  }

  test('may have the grant with an initial access token', async () => {
    await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
    const { token } = await admin.call<{ token: string }>('POST', '/registration-tokens', {})
    const { status, body } = await register(server, metadata, token)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      grant_types: expect.arrayContaining([CIBA_GRANT]) as unknown,
      backchannel_token_delivery_mode: 'poll',
    })
    const credentials = { client_id: String(body['client_id']), client_secret: String(body['client_secret']) }
    const response = await server.fetch('/backchannel/authorize', {
      method: 'POST',
      body: new URLSearchParams({ ...credentials, ...ADA, scope: 'openid' }),
    })
    expect(response.status).toBe(200)
    await world.denyAll()
  })

  test('may not have it without one, as nobody knows the client', async () => {
    const { status, body } = await register(server, metadata)
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: 'invalid_client_metadata' })
    expect(body['error_description']).toContain('backchannel_token_delivery_mode')
    const { backchannel_token_delivery_mode: _mode, ...without } = metadata
    const accepted = await register(server, without)
    expect(accepted.body['grant_types']).toEqual(['authorization_code', 'refresh_token'])
  })
})

test('what waits for a deleted account is refused, and a deleted client leaves nothing', async () => {
  const who = await admin.account('grace@example.com', PASSWORD)
  const client: RegisteredClient = await world.aClient()
  const asking = createCibaClient(server, client)
  const begun = await asking.begin({ login_hint: 'grace@example.com' })
  await admin.call('DELETE', `/accounts/${who}`)
  expect(await asking.poll(begun)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  await asking.begin(ADA)
  await admin.call('DELETE', `/clients/${client.id}`)
  expect(await people.approvals.list(sub)).toEqual([])
})
