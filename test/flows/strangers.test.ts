/** What nobody in particular may have stored: a budget for each address, and no sign-in that could not be seen. */
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, cookieHeader, person, textOf } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let app: App
let spa: App
let spaClient: RegisteredClient

beforeAll(async () => {
  server = await startServer({ env: { SIGNET_TRUSTED_PROXIES: '127.0.0.1' } })
  admin = await administrator(server)
  app = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
  spaClient = await admin.client('spa', { redirect_uris: [CALLBACK] })
  spa = createApp(server, spaClient, CALLBACK, true)
  await admin.account(ada.email, ada.password)
  await admin.call('PATCH', '/settings', { limits: { anonymous_megabytes_per_hour: 1 } })
})

const from = (address: string, headers: Record<string, string> = {}) => ({
  redirect: 'manual' as const,
  headers: { accept: 'text/html', 'x-forwarded-for': address, ...headers },
})

async function interactions(): Promise<number> {
  const { rows } = await asSuperuser(
    (client) => client.query<{ count: string }>("SELECT count(*) FROM artefacts WHERE kind = 'Interaction'"),
    server.databaseUrl,
  )
  return Number(rows[0]?.count)
}

/** Begins sign-ins until one is refused, and returns the refusal. */
async function exhaust(address: string): Promise<Response> {
  for (let tries = 0; tries < 100; tries += 1) {
    const response = await server.fetch(app.begin({ state: 'x'.repeat(4096) }).url, from(address))
    if (response.status === 429) return response
    expect(response.status).toBe(303)
  }
  return expect.unreachable('nothing was refused')
}

test('sign-ins that nobody finishes are refused beyond the budget of their address, on a page', async () => {
  const refused = await exhaust('192.0.2.1')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('location')).toBeNull()
  expect(textOf(await refused.text())).toMatch(/Too many requests came from your network without anyone signing in/)
  const before = await interactions()
  await server.fetch(app.begin({ state: 'x'.repeat(4096) }).url, from('192.0.2.1'))
  expect(await interactions()).toBe(before)
  // another address is not concerned
  expect((await server.fetch(app.begin().url, from('192.0.2.2'))).status).toBe(303)
})

test('a person who is signed in goes on from an address whose budget is used up', async () => {
  const browser = person(() => server)
  await app.code(browser, ada)
  await exhaust('192.0.2.3')
  const cookie = cookieHeader(browser.cookies)
  const response = await server.fetch(app.begin().url, from('192.0.2.3', { cookie }))
  expect(answerOf(new URL(response.headers.get('location') ?? ''))).toMatchObject({ code: expect.any(String) })
})

test('requests that anybody can push are refused beyond the budget, those of a client that proves itself are not', async () => {
  await exhaust('192.0.2.4')
  const params = (of: App) => of.begin({ state: 'x'.repeat(4096) }).params
  const push = (of: App) =>
    of.call('/par', params(of), {
      ...server,
      fetch: (url, init) => server.fetch(url, { ...init, headers: { 'x-forwarded-for': '192.0.2.4' } }),
    })
  const refused = await push(spa)
  expect(refused).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable' } })
  expect(refused.body['error_description']).toMatch(/^Too many requests came from your network/)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await push(app)).status).toBe(201)
})

test.each([
  ['image', 'not as image of another page'],
  ['iframe', 'not as iframe of another page'],
  ['empty', 'not as a script request'],
])('a sign-in is not begun for what could not show it: %s', async (destination, sentence) => {
  const before = await interactions()
  const response = await server.fetch(app.begin().url, from('192.0.2.5', { 'sec-fetch-dest': destination }))
  expect([response.status, response.headers.get('location')]).toEqual([400, null])
  expect(textOf(await response.text())).toContain(`a sign-in must be opened as a page, ${sentence}`)
  expect(await interactions()).toBe(before)
  expect(await admin.eventOf('authorization.refused', response.headers)).toMatchObject({
    reason: expect.stringMatching(/^invalid_request: a sign-in must be opened as a page/) as string,
  })
  const shown = await server.fetch(app.begin().url, from('192.0.2.5', { 'sec-fetch-dest': 'document' }))
  expect(shown.status).toBe(303)
})

test.each([
  ['sec-purpose', 'prefetch'],
  ['sec-purpose', 'prefetch;prerender'],
  ['purpose', 'prefetch'],
])('a sign-in is not begun by a browser that fetches ahead: %s: %s', async (header, purpose) => {
  const before = await interactions()
  const headers = { 'sec-fetch-dest': 'document', [header]: purpose }
  const response = await server.fetch(app.begin().url, from('192.0.2.6', headers))
  expect([response.status, response.headers.get('location')]).toEqual([400, null])
  const sentence = 'a sign-in must be opened as a page, not fetched ahead (prefetch)'
  expect(textOf(await response.text())).toContain(sentence)
  expect(await interactions()).toBe(before)
  expect(await admin.eventOf('authorization.refused', response.headers)).toMatchObject({
    reason: `invalid_request: ${sentence}`,
  })
})

test('nobody can push a request in the name of the account page, whose client anybody knows', async () => {
  const redirectUri = `${server.issuer}/account/signed-in`
  const account = createApp(server, { ...spaClient, id: 'signet-account' }, redirectUri, true)
  const refused = await account.push(account.begin().params)
  const description = 'the account page pushes no requests: use a client of your own'
  expect(refused).toMatchObject({
    status: 400,
    body: { error: 'unauthorized_client', error_description: description },
  })
  expect(await admin.eventOf('endpoint.refused', refused.headers)).toMatchObject({
    client_id: 'signet-account',
    reason: `unauthorized_client: ${description}`,
  })
  expect((await server.fetch(account.begin().url, from('192.0.2.7'))).status).toBe(303)
})
