/** A client is notified once its person has answered (CIBA Core 1.0 §10.2): by the outbox, with its own bearer token. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type CibaClient, createCibaClient, type People, peopleOf, POLLING_CLIENT } from '../support/ciba.ts'
import { untilDelivered } from '../support/logout-app.ts'
import { letTimePass } from '../support/passed-time.ts'
import { type PingApp, pingApp } from '../support/ping-app.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'

const TOKEN = 'notification.token~of-the_app+1/2=='
const ada = { login_hint: 'ada@example.com', client_notification_token: TOKEN }
let server: Server
let admin: Administrator
let people: People
let app: PingApp
let till: RegisteredClient
let client: CibaClient
let sub: string

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.call('PATCH', '/settings', { limits: { backchannel_requests_per_hour: 1000 } })
  sub = await admin.account(ada.login_hint, PASSWORD)
  people = await peopleOf(server)
  app = await pingApp()
  till = await admin.client('web', pinged(app))
  client = createCibaClient(server, till)
})

beforeEach(() => {
  app.pings.length = 0
  app.answer = () => 204
})

function pinged({ url }: PingApp) {
  return {
    ...POLLING_CLIENT,
    backchannel_token_delivery_mode: 'ping',
    backchannel_client_notification_endpoint: url,
  }
}

test('an approval is notified once, and the tokens are then there', async () => {
  const begun = await client.begin(ada)
  await people.approve(sub)
  await untilDelivered(server)
  expect(app.pings).toMatchObject([
    {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: { auth_req_id: begun.auth_req_id },
    },
  ])
  expect((await admin.audit('ciba.notified'))[0]).toMatchObject({
    client_id: till.id,
    account_id: sub,
    detail: { attempts: 1 },
  })
  expect((await client.poll(begun)).status).toBe(200)
  const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text()
  expect(metrics).toMatch(/signet_ciba_pings_total\{outcome="delivered"\} [1-9]/)
})

test('a refusal is notified too', async () => {
  const begun = await client.begin(ada)
  await people.deny(sub)
  await untilDelivered(server)
  expect(app.pings.map(({ body }) => body)).toEqual([{ auth_req_id: begun.auth_req_id }])
  expect((await client.poll(begun)).body['error']).toBe('access_denied')
})

test('an app that fails is notified again, with increasing delays', async () => {
  await client.begin(ada)
  app.answer = () => (app.pings.length < 3 ? 503 : 200)
  await people.approve(sub)
  await untilDelivered(server)
  expect(app.pings).toHaveLength(3)
  expect(new Set(app.pings.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  expect((await admin.audit('ciba.notified'))[0]).toMatchObject({ detail: { attempts: 3 } })
})

test('a redirect is not followed, and after three attempts the notification is given up', async () => {
  await client.begin(ada)
  app.answer = () => 307
  await people.approve(sub)
  await untilDelivered(server)
  expect(app.pings).toHaveLength(3)
  expect((await admin.audit('ciba.notification_failed'))[0]).toMatchObject({
    outcome: 'failure',
    client_id: till.id,
    reason: expect.stringContaining('redirect') as unknown,
    detail: { attempts: 3 },
  })
})

test('a client that polled before, and a request that has expired, are not notified', async () => {
  const begun = await client.begin(ada)
  app.answer = () => 503
  await people.approve(sub)
  await client.poll(begun)
  const before = app.pings.length
  await untilDelivered(server)
  expect(app.pings.length).toBeLessThanOrEqual(Math.max(before, 1))
  await client.begin(ada)
  await people.deny(sub)
  await letTimePass(server.databaseUrl, 700, till.id)
  await untilDelivered(server)
  expect(app.pings.length).toBeLessThanOrEqual(Math.max(before, 1) + 1)
})

test('a client that polls gets no notification, whatever token it sends', async () => {
  const polling = createCibaClient(server, await admin.client('web', POLLING_CLIENT))
  await polling.begin(ada)
  await people.approve(sub)
  await untilDelivered(server)
  expect(app.pings).toEqual([])
})

test.each([
  [undefined, "missing required parameter 'client_notification_token'"],
  ['two words', 'client_notification_token must be a valid Bearer token'],
  ['x'.repeat(1025), 'client_notification_token must not exceed 1024 characters'],
])('the notification token %j is refused', async (token, description) => {
  const answer = await client.ask({
    login_hint: ada.login_hint,
    ...(token !== undefined && { client_notification_token: token }),
  })
  expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request', error_description: description } })
  expect(await admin.eventOf('endpoint.refused', answer.headers)).toMatchObject({
    client_id: till.id,
    reason: `invalid_request: ${description}`,
  })
})

test('neither the notification token nor the request id is in the database or the outbox in the clear', async () => {
  app.answer = () => 503
  const begun = await client.begin({ ...ada, binding_message: 'W4-SCT' })
  await people.approve(sub)
  const rows = await asSuperuser(
    async (db) => [
      ...(await db.query("SELECT a::text AS row FROM artefacts a WHERE kind = 'BackchannelAuthenticationRequest'"))
        .rows,
      ...(await db.query('SELECT j::text AS row FROM graphile_worker._private_jobs j')).rows,
      ...(await db.query('SELECT e::text AS row FROM audit_events e')).rows,
    ],
    server.databaseUrl,
  )
  const text = JSON.stringify(rows)
  expect(text).toContain(till.id)
  for (const secret of [TOKEN, begun.auth_req_id, 'W4-SCT']) expect(text).not.toContain(secret)
  expect(server.logs()).not.toContain(TOKEN)
  expect(server.logs()).not.toContain(begun.auth_req_id)
})

test('V34: an address in a private network is not notified', async () => {
  const guarded = await startServer({ env: { SIGNET_FETCH_ALLOW: '203.0.113.0/24' } })
  const its = await administrator(guarded)
  const person = await its.account('grace@example.com', PASSWORD)
  const unreachable = await pingApp()
  const own = createCibaClient(guarded, await its.client('web', pinged(unreachable)))
  await own.begin({ ...ada, login_hint: 'grace@example.com' })
  await (await peopleOf(guarded)).approve(person)
  await untilDelivered(guarded)
  expect(unreachable.pings).toEqual([])
  expect((await its.audit('ciba.notification_failed'))[0]).toMatchObject({ account_id: person })
})
