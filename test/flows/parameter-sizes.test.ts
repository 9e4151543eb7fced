/** Authorization requests are bounded in size and hold text alone, because anyone can have them stored. */
import { beforeAll, expect, test } from 'vitest'
import { adminKeyOf, administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { type CibaClient, createCibaClient, POLLING_CLIENT } from '../support/ciba.ts'
import { firstAnswer } from '../support/first-answer.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example.com/callback'
const SHORT = ['state', 'nonce', 'login_hint', 'ui_locales', 'acr_values', 'claims_locales']
let server: Server
let admin: Administrator
let app: App
let till: CibaClient

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  app = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
  till = createCibaClient(server, await admin.client('web', { ...POLLING_CLIENT }))
  await admin.account('ada@example.com', PASSWORD)
})

test.each(SHORT)('%s of more than 4096 bytes is refused at the authorization endpoint', async (name) => {
  const { status, location, headers } = await firstAnswer(server, app.begin({ [name]: 'é'.repeat(2049) }).url)
  expect(status).toBe(303)
  const answer = new URL(location ?? '').searchParams
  const sentence = `${name} is too long: 4098 bytes, at most 4096`
  expect([answer.get('error'), answer.get('error_description')]).toEqual(['invalid_request', sentence])
  expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
    reason: `invalid_request: ${sentence}`,
  })
})

test('a parameter of 4096 bytes is accepted', async () => {
  const { location } = await firstAnswer(server, app.begin({ state: 's'.repeat(4096) }).url)
  expect(location).toContain('/interaction/')
})

test.each(['state', 'nonce', 'login_hint', 'ui_locales'])('%s is bounded in a pushed request too', async (name) => {
  const { params } = app.begin({ [name]: 'x'.repeat(4097) })
  const { status, body, headers } = await app.push(params)
  const error_description = `${name} is too long: 4097 bytes, at most 4096`
  expect([status, body]).toEqual([400, expect.objectContaining({ error: 'invalid_request', error_description })])
  expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({
    reason: `invalid_request: ${error_description}`,
  })
})

test('claims may have 16384 bytes and no more', async () => {
  const claims = (bytes: number) => {
    const empty = JSON.stringify({ userinfo: { email: null }, x: '' })
    return JSON.stringify({ userinfo: { email: null }, x: 'x'.repeat(bytes - empty.length) })
  }
  const push = (bytes: number) => app.push(app.begin({ claims: claims(bytes) }).params)
  expect((await push(16_384)).status).toBe(201)
  expect(await push(16_385)).toMatchObject({
    status: 400,
    body: { error: 'invalid_request', error_description: 'claims is too long: 16385 bytes, at most 16384' },
  })
})

const noText = (name: string) => `${name} contains U+0000 or half of a surrogate pair, which no text may contain`

test.each([
  ['acr_values', 'urn:example:\0'],
  ['nonce', '\0'],
  ['claims', '{"id_token":{"acr":{"values":["\\u0000"]}}}'],
  ['claims', '{"id_token":{"acr":{"values":["\\ud800"]}}}'],
])('no pushed or backchannel request has %s as %j', async (name, value) => {
  const sentence = noText(name)
  const pushed = await app.push(app.begin({ [name]: value }).params)
  // a backchannel request has no nonce
  const asked = name === 'nonce' ? [] : [await till.ask({ login_hint: 'ada@example.com', [name]: value })]
  for (const { status, body, headers } of [pushed, ...asked]) {
    expect([status, body['error'], body['error_description']]).toEqual([400, 'invalid_request', sentence])
    expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({ reason: `invalid_request: ${sentence}` })
  }
})

test('no escape of JSON brings U+0000 into an authorization request', async () => {
  const claims = '{"id_token":{"acr":{"values":["\\u0000"]}}}'
  const { location, headers } = await firstAnswer(server, app.begin({ claims }).url)
  const answer = new URL(location ?? '').searchParams
  expect([answer.get('error'), answer.get('error_description')]).toEqual(['invalid_request', noText('claims')])
  expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
    reason: `invalid_request: ${noText('claims')}`,
  })
})

test('the client of the command line pushes nothing', async () => {
  for (const redirect_uri of ['http://localhost:5000/cb', '']) {
    const own = await assertionParams({ issuer: server.issuer, clientId: 'signet-cli', key: adminKeyOf(server) })
    const body = new URLSearchParams({ ...own, response_type: 'code', scope: 'openid', redirect_uri })
    const response = await server.fetch('/par', { method: 'POST', body })
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ error: expect.stringMatching(/^(?:invalid_request|unauthorized_client)$/) as string }),
    ])
  }
})
