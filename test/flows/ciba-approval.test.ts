/** An app asks, its person follows the link of the mail, signs in and approves, and the app gets the tokens (CIBA). */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { type CibaClient, createCibaClient, POLLING_CLIENT } from '../support/ciba.ts'
import { letIntervalPass } from '../support/device.ts'
import { devMail } from '../support/dev-mail.ts'
import { person, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
const ada = { email: 'ada@example.com', password: PASSWORD }
const ASKED = { login_hint: ada.email, scope: 'openid offline_access posts:read', resource: API }
const REQUEST_PATH = '/account/requests/'

let server: Server
let admin: Administrator
let client: RegisteredClient
let till: CibaClient
let sub: string

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, [], { scopes: [{ name: 'posts:read', description: 'Read your posts' }] })
  sub = await admin.account(ada.email, ada.password, { locale: 'en' })
  client = await admin.client('web', {
    ...POLLING_CLIENT,
    client_name: 'Corner shop till',
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  till = createCibaClient(server, client)
})

test('from the request over the mail and the sign-in to tokens, and their end on the account page', async () => {
  const request = await till.begin({ ...ASKED, binding_message: 'W4SCT' })
  expect((await till.poll(request)).body['error']).toBe('authorization_pending')
  const { link } = await devMail(server, ada.email, REQUEST_PATH)

  const browser = person(() => server)
  const page = await browser.submit(await browser.visit(link), { identifier: ada.email, password: ada.password })
  expect(page.url).toBe(link)
  expect(textOf(page.html)).toContain('The app must show you exactly this message: W4SCT')
  await letIntervalPass(server.databaseUrl, client.id, 60)
  expect((await till.poll(request)).body['error']).toBe('authorization_pending')

  const done = await browser.submit(page, {}, { name: 'decision', value: 'allow' })
  expect(textOf(done.html)).toContain('Approved.')
  const { status, body } = await till.poll(request)
  expect(status).toBe(200)
  expect(decodeJwt(body['id_token'] as string)).toMatchObject({ iss: server.issuer, aud: client.id, sub, amr: ['pwd'] })
  expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: API, sub, scope: 'posts:read' })

  const apps = await browser.visit('/account/apps')
  expect(textOf(apps.html)).toContain('Corner shop till')
  const refreshed = await till.refresh(body['refresh_token'] as string)
  expect(refreshed.status).toBe(200)
  await browser.submit(apps, {})
  const ended = await till.refresh(refreshed.body['refresh_token'] as string)
  expect([ended.status, ended.body['error']]).toEqual([400, 'invalid_grant'])
})

test('the defaults of the client count as if the request had sent them, until the person has signed in that way', async () => {
  const strict = { ...POLLING_CLIENT, default_max_age: 60, default_acr_values: ['urn:signet:acr:mfa'] }
  const strictClient = await admin.client('web', strict)
  const bank = createCibaClient(server, strictClient)
  const browser = person(() => server)
  await browser.submit(await browser.visit('/account'), { identifier: ada.email, password: ada.password })
  const request = await bank.begin({ login_hint: ada.email })
  const list = await browser.visit('/account/requests')
  const [, path = ''] = /href="(\/account\/requests\/[\w-]+)"/.exec(list.html) ?? []
  expect((await browser.visit(path)).html).not.toContain('value="allow"')
  const app = await authenticatorApp(server, sub)
  const page = await browser.submit(await browser.visit(`${path}/confirm`), { code: await app.code() })
  expect(page.url).toBe(server.issuer + path)
  await browser.submit(page, {}, { name: 'decision', value: 'allow' })
  const { status, body } = await bank.poll(request)
  expect(status).toBe(200)
  expect(decodeJwt(body['id_token'] as string)).toMatchObject({ acr: 'urn:signet:acr:mfa', amr: ['pwd', 'otp', 'mfa'] })
})
