/** How logout tokens are delivered: without holding up anybody, again when an app fails, and to no private address. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { kidOf, logoutApp, untilDelivered } from '../support/logout-app.ts'
import { CALLBACK, type LogoutWorld, signOut, startLogoutWorld } from '../support/logout-world.ts'
import { person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'

let world: LogoutWorld

beforeAll(async () => {
  world = await startLogoutWorld()
})

beforeEach(() => world.reset())

/** The keys that a server publishes. */
async function kids(server: Server): Promise<string> {
  const { keys } = (await (await server.fetch('/jwks')).json()) as { keys: { kid: string }[] }
  return keys
    .map(({ kid }) => kid)
    .toSorted()
    .join()
}

test('a sign-out is answered while an app still thinks about its logout token', async () => {
  const { admin, shop, signedIn } = world
  const { sub, browser } = await signedIn()
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<number>()
  shop.listener.answer = () => mayAnswer
  const { status } = await signOut(browser)
  expect(status).toBe(200)
  await eventually(() => shop.listener.tokens.length > 0)
  expect((await browser.visit(shop.app.begin({ prompt: 'none' }).url)).left?.searchParams.get('error')).toBe(
    'login_required',
  )
  answer(204)
  const isTaken = async () =>
    (await admin.audit('backchannel_logout.delivered')).some(
      (event) => event['account_id'] === sub && event['client_id'] === shop.client.id,
    )
  await eventually(isTaken, 20_000)
})

test('an app that fails gets the same logout again, signed with the key of that time', async () => {
  const { first, second, admin, shop, signedIn, claimsOf } = world
  const { sub, browser } = await signedIn()
  shop.listener.answer = () => 503
  await signOut(browser)
  await eventually(() => shop.listener.tokens.length > 0)
  const published = await Promise.all([first, second].map(kids))
  await admin.call('POST', '/keys/rotate', { alg: 'RS256' })
  for (const [at, server] of [first, second].entries()) {
    await eventually(async () => (await kids(server)) !== published[at])
  }
  shop.listener.answer = () => 200
  await untilDelivered(first)
  const all = await claimsOf(shop)
  expect(new Set(all.map(({ jti, sid }) => JSON.stringify([jti, sid]))).size).toBe(1)
  const signers = shop.listener.tokens.map(kidOf)
  expect(signers.at(-1)).not.toBe(signers[0])
  const delivered = await admin.audit('backchannel_logout.delivered')
  expect(delivered).toContainEqual(
    expect.objectContaining({ account_id: sub, client_id: shop.client.id, detail: { attempts: all.length } }),
  )
  const metrics = await Promise.all(
    [first, second].map(async (at) => (await fetch(`${at.managementUrl}/metrics`)).text()),
  )
  for (const outcome of ['delayed', 'delivered']) {
    expect(metrics.join('')).toMatch(new RegExp(`signet_backchannel_logouts_total\\{outcome="${outcome}"\\} [1-9]`))
  }
  const waits = [first, second].flatMap((server) => server.logLines())
  expect(waits).toContainEqual(
    expect.objectContaining({
      msg: 'a logout token waits to be tried again',
      client_id: shop.client.id,
      reason: 'it answered with status 503',
    }),
  )
})

test('an app that refuses a logout token is asked three times, and the audit log says that it was given up', async () => {
  const { first, admin, shop, signedIn } = world
  const { sub, browser } = await signedIn()
  shop.listener.answer = () => 400
  await signOut(browser)
  await untilDelivered(first)
  expect(shop.listener.tokens).toHaveLength(3)
  const [event] = await admin.audit('backchannel_logout.failed')
  expect(event).toMatchObject({
    outcome: 'failure',
    account_id: sub,
    client_id: shop.client.id,
    reason: 'it answered with status 400',
    detail: { attempts: 3 },
  })
})

test('a client that was disabled meanwhile gets no logout token', async () => {
  const { first, second, admin, party, signedIn } = world
  const gone = await party()
  const { who, browser } = await signedIn()
  await gone.app.code(browser, who)
  gone.listener.answer = () => 503
  await signOut(browser)
  await eventually(() => gone.listener.tokens.length > 0)
  await admin.call('POST', `/clients/${gone.client.id}/disable`)
  for (const server of [first, second]) {
    const isUnknown = async () => (await server.fetch(gone.app.begin().url, { redirect: 'manual' })).status === 400
    await eventually(isUnknown)
  }
  const before = gone.listener.tokens.length
  await untilDelivered(first)
  expect(gone.listener.tokens).toHaveLength(before)
})

test('V34: a logout address in a private network is not asked', async () => {
  const guarded = await startServer({ env: { SIGNET_FETCH_ALLOW: '203.0.113.0/24' } })
  const its = await administrator(guarded)
  const listener = await logoutApp()
  const client = await its.client('web', { redirect_uris: [CALLBACK], backchannel_logout_uri: listener.url })
  await its.account('ada@example.com', PASSWORD)
  const browser = person(() => guarded)
  await createApp(guarded, client, CALLBACK).code(browser, { email: 'ada@example.com', password: PASSWORD })
  await signOut(browser)
  await untilDelivered(guarded)
  expect(listener.tokens).toEqual([])
  const [event] = await its.audit('backchannel_logout.failed')
  const reason = expect.stringContaining('is a private address') as string
  expect(event).toMatchObject({ outcome: 'failure', client_id: client.id, reason, detail: { attempts: 3 } })
})

test('an app that does not answer is left alone for a moment, so that it does not hold up the others', async () => {
  const { first, admin, party, somebody } = world
  const dead = await party()
  dead.listener.answer = () => new Promise<number>(() => undefined)
  const { who, sub } = await somebody()
  for (let sessions = 0; sessions < 12; sessions++) {
    await dead.app.code(
      person(() => first),
      who,
    )
  }
  await admin.call('POST', `/accounts/${sub}/disable`)
  // each of the twelve has been tried once, and the two servers have asked for four at a time
  const triedOnce = `SELECT FROM graphile_worker._private_jobs WHERE attempts = 0 OR last_error IS NULL`
  const open = () => asSuperuser((client) => client.query(triedOnce), first.databaseUrl)
  await eventually(async () => (await open()).rowCount === 0, 30_000)
  expect(dead.listener.tokens.length).toBeLessThan(8)
})
