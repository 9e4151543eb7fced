/** How devices poll (RFC 8628 §3.5), counted by two nodes together: pending, slower, expired, refused. */
import { beforeAll, expect, test } from 'vitest'
import { removeExpired } from '#oidc/adapter/expiry-store.ts'
import { createDatabase } from '#database/pool.ts'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { answerCompare, connect, createDevice, type Device, enterCode, letIntervalPass } from '../support/device.ts'
import { atEnd } from '../support/endings.ts'
import { letTimePass } from '../support/passed-time.ts'
import { asSuperuser } from '../support/postgres.ts'
import { person, textOf } from '../support/person.ts'
import { type Server, startServers } from '../support/server.ts'

const ada = { email: 'ada@example.com', password: PASSWORD }
let first: Server
let second: Server
let admin: Administrator
let tv: RegisteredClient
let device: Device

beforeAll(async () => {
  ;[first, second] = (await startServers(2)) as [Server, Server]
  admin = await administrator(first)
  await admin.account(ada.email, ada.password)
})

/** A new client for each test, so that time passes for its device alone. */
async function aDevice() {
  tv = await admin.client('device', { client_name: 'Telly' })
  device = createDevice(first, tv)
  return device.begin()
}

const errorOf = async (answer: ReturnType<Device['poll']>) => (await answer).body['error']
const pass = (seconds: number) => letIntervalPass(first.databaseUrl, tv.id, seconds)

test('a poll that waits its interval is pending, one that does not is told to slow down, on whichever node', async () => {
  const begun = await aDevice()
  const pending = await device.poll(begun, first)
  expect(pending).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
  expect(pending.headers.get('cache-control')).toBe('no-store')
  const slower = await device.poll(begun, second)
  expect(slower).toMatchObject({
    status: 400,
    body: { error: 'slow_down', error_description: 'this poll came too soon: wait 10 seconds before the next one' },
  })
})

test('each poll too many makes the interval five seconds longer, up to a minute', async () => {
  const begun = await aDevice()
  await device.poll(begun)
  expect(await errorOf(device.poll(begun, second))).toBe('slow_down')
  await pass(9)
  expect((await device.poll(begun, first)).body['error_description']).toContain('wait 15 seconds')
  await pass(15)
  expect(await errorOf(device.poll(begun, second))).toBe('authorization_pending')
  await pass(14)
  expect((await device.poll(begun, first)).body['error_description']).toContain('wait 20 seconds')
  for (let count = 0; count < 12; count += 1) await device.poll(begun, count % 2 ? first : second)
  expect((await device.poll(begun, first)).body['error_description']).toContain('wait 60 seconds')
})

test('a device that never waits causes a few writes, and is answered once it does', async () => {
  const begun = await aDevice()
  for (let count = 0; count < 12; count += 1) await device.poll(begun)
  const versionOf = () =>
    asSuperuser(
      async (db) =>
        (await db.query("SELECT xmin::text FROM artefacts WHERE kind = 'DeviceCode' AND client_id = $1", [tv.id])).rows,
      first.databaseUrl,
    )
  const before = await versionOf()
  for (let count = 0; count < 5; count += 1) expect(await errorOf(device.poll(begun, second))).toBe('slow_down')
  expect(await versionOf()).toEqual(before)
  await pass(60)
  expect(await errorOf(device.poll(begun))).toBe('authorization_pending')
})

test('of fifty polls at once over two nodes one is in time', async () => {
  const begun = await aDevice()
  const errors = await Promise.all(
    Array.from({ length: 50 }, (_, index) => errorOf(device.poll(begun, index % 2 ? first : second))),
  )
  expect(errors.filter((error) => error === 'authorization_pending')).toHaveLength(1)
  expect(errors.filter((error) => error === 'slow_down')).toHaveLength(49)
})

test('polls of a device that waits are not audited, as they refuse nothing, and are counted', async () => {
  const begun = await aDevice()
  const answers = [await device.poll(begun), await device.poll(begun)]
  for (const { headers } of answers) expect(await admin.eventOf('token.refused', headers)).toBeUndefined()
  const metrics = await (await fetch(`${first.managementUrl}/metrics`)).text()
  expect(metrics).toMatch(/signet_tokens_refused_total\{error="authorization_pending"\} [1-9]/)
  expect(metrics).toMatch(/signet_tokens_refused_total\{error="slow_down"\} [1-9]/)
})

test('a device whose person has decided is answered at once, however quickly it polls', async () => {
  const begun = await aDevice()
  for (let count = 0; count < 3; count += 1) await device.poll(begun)
  await connect(
    person(() => second),
    begun.user_code,
    ada,
  )
  expect((await device.poll(begun)).status).toBe(200)
  const metrics = await (await fetch(`${first.managementUrl}/metrics`)).text()
  expect(metrics).toMatch(/signet_tokens_issued_total\{grant_type="device_code"\} [1-9]/)
})

test('a device that its person refused is told so, as often as it asks', async () => {
  const begun = await aDevice()
  const browser = person(() => second)
  const page = await answerCompare(browser, await enterCode(browser, begun.user_code), 'deny')
  expect(textOf(page.html)).toContain('Nothing was connected')
  const [denied] = await admin.audit('device.denied')
  expect(denied).toMatchObject({ outcome: 'failure', client_id: tv.id, reason: 'the person did not allow the request' })
  for (const node of [first, second]) {
    const answer = await device.poll(begun, node)
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'access_denied', error_description: 'the person did not allow the request' },
    })
    expect(await admin.eventOf('token.refused', answer.headers)).toMatchObject({ client_id: tv.id })
  }
})

test('a device whose code has expired is told so, until it is removed some minutes later', async () => {
  const begun = await aDevice()
  await letTimePass(first.databaseUrl, 601, tv.id)
  const answer = await device.poll(begun)
  expect(answer).toMatchObject({ status: 400, body: { error: 'expired_token' } })
  expect(answer.body['error_description']).toMatch(/\w+ \w+/)
  expect(await admin.eventOf('token.refused', answer.headers)).toMatchObject({
    reason: expect.stringContaining('expired_token') as string,
  })
  const browser = person(() => first)
  const page = await enterCode(browser, begun.user_code)
  expect(page.status).toBe(410)
  expect(textOf(page.html)).toContain('That code has expired')

  const db = createDatabase({ url: first.databaseUrl })
  atEnd(() => db.close())
  await removeExpired(db)
  expect(await errorOf(device.poll(begun))).toBe('expired_token')
  await letTimePass(first.databaseUrl, 180, tv.id)
  await removeExpired(db)
  expect(await errorOf(device.poll(begun))).toBe('invalid_grant')
})
