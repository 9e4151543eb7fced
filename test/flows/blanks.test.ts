/** Blanks that the standards allow, or that people type, change nothing. */
import { beforeAll, expect, test } from 'vitest'
import { administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'http://localhost:5000/authorize'
const API = 'https://api.example.com'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let app: App
let machine: RegisteredClient

beforeAll(async () => {
  server = await startServer()
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  const signet_allow = [{ resource: API, scopes: ['posts:read', 'posts:write'] }]
  app = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK], signet_allow }), CALLBACK)
  machine = await admin.client('machine', { token_endpoint_auth_method: 'client_secret_basic', signet_allow })
  await admin.account(ada.email, ada.password)
})

test('several blanks in scope count as one, in every request that has one', async () => {
  const browser = person(() => server)
  const scope = ' openid   email  posts:read  '
  const { url, verifier } = app.begin({ scope, resource: API })
  const { code } = answerOf(await browser.authorize(url, ada))
  const { status, body } = await app.redeem({ code: code as string, verifier }, { resource: API })
  expect([status, body['scope']?.split(' ').toSorted()]).toEqual([
    200,
    expect.arrayContaining(['posts:read']) as string[],
  ])
  const pushed = await app.push(app.begin({ scope, resource: API }).params)
  expect(pushed.status).toBe(201)
})

test.each(['Basic ', 'Basic   ', 'basic \t '])('blanks after %j are one', async (scheme) => {
  const credentials = Buffer.from(`${machine.id}:${machine.secret}`).toString('base64')
  const response = await server.fetch('/token', {
    method: 'POST',
    headers: { authorization: `${scheme}${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: '  posts:read   posts:write ' }),
  })
  expect([response.status, await response.json()]).toEqual([
    200,
    expect.objectContaining({ scope: 'posts:read posts:write' }),
  ])
})

test('blanks after Bearer are one', async () => {
  const browser = person(() => server)
  const { code, verifier } = await app.code(browser, ada)
  const { body } = await app.redeem({ code, verifier })
  for (const blanks of [' ', '    ']) {
    const headers = { authorization: `Bearer${blanks}${body['access_token']}` }
    const response = await server.fetch('/userinfo', { headers })
    expect(response.status).toBe(200)
  }
})
