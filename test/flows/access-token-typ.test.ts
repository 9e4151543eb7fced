/** Access tokens with `typ: JWT`, for APIs that accept nothing else: what they open, and what they do not. */
import { decodeJwt, decodeProtectedHeader, type JSONWebKeySet } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { accessTokens } from '#resource-server/index.ts'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { ASSERTION_TYPE } from '../support/assertion.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { answerOf, person, textOf } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'

const SPRING = 'https://spring.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let client: RegisteredClient
let app: App
let machine: App
let machineId: string
let gateway: App

const allow = [{ resource: SPRING, scopes: ['posts:read'] }]

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(SPRING, ['posts:read'], { access_token_typ: 'JWT' })
  await admin.account(ada.email, ada.password)
  client = await admin.client('web', { redirect_uris: [CALLBACK], signet_allow: allow })
  app = createApp(server, client, CALLBACK)
  const service = await admin.client('machine', { signet_allow: allow })
  machineId = service.id
  machine = createApp(server, service, CALLBACK)
  gateway = createApp(server, await admin.client('machine', { signet_introspect: true }), CALLBACK)
})

async function ofPerson(): Promise<Record<string, string>> {
  const grant = await app.code(
    person(() => server),
    ada,
    { scope: 'openid posts:read', resource: SPRING },
  )
  return (await app.redeem(grant)).body
}

const ofMachine = async () => (await machine.token({ grant_type: 'client_credentials' })).body
const isActive = async (token: unknown) => (await gateway.call('/introspect', { token: String(token) })).body['active']
const anApi = (accessTokenTyp?: 'at+jwt' | 'JWT') =>
  accessTokens({
    issuer: server.issuer,
    audience: SPRING,
    keys: async () => (await (await server.fetch('/jwks')).json()) as JSONWebKeySet,
    ...(accessTokenTyp === undefined ? {} : { accessTokenTyp }),
  })

test.each([
  ['a person', ofPerson],
  ['a machine', ofMachine],
])('the token of %s has the typ of its resource, and is introspected and revoked like any other', async (_who, get) => {
  const { access_token: token = '' } = await get()
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) as string })
  expect(decodeJwt(token)).toMatchObject({ aud: SPRING, scope: 'posts:read' })
  expect(await isActive(token)).toBe(true)
  const owner = get === ofPerson ? app : machine
  expect((await owner.call('/revoke', { token })).status).toBe(200)
  expect(await isActive(token)).toBe(false)
})

test('an API accepts it with accessTokenTyp JWT, and at+jwt too; without the option it refuses it', async () => {
  const { access_token: token, id_token: idToken } = await ofPerson()
  expect(await anApi('JWT').verify(`Bearer ${token}`)).toMatchObject({ aud: SPRING })
  await expect(anApi().verify(`Bearer ${token}`)).rejects.toMatchObject({
    message: 'The token is not an access token: its typ must be at+jwt.',
  })
  await expect(anApi('JWT').verify(`Bearer ${idToken}`)).rejects.toMatchObject({
    message: 'The token is not an access token: its typ must be at+jwt or JWT.',
  })
})

test('it is no client assertion', async () => {
  const { access_token: token = '' } = await ofMachine()
  expect(decodeJwt(token)).toMatchObject({ sub: machineId })
  const params = { client_id: machineId, client_assertion_type: ASSERTION_TYPE, client_assertion: token }
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...params })
  const response = await server.fetch('/token', { method: 'POST', body })
  expect([response.status, await response.json()]).toEqual([
    401,
    { error: 'invalid_client', error_description: 'client authentication failed' },
  ])
  const [event] = await admin.audit('token.refused')
  expect(event).toMatchObject({ outcome: 'failure' })
  expect(event?.['reason']).toMatch(/^invalid_client: /)
})

test('it is no id_token_hint: it neither tells who is signed in nor signs out', async () => {
  const browser = person(() => server)
  const { access_token: token = '' } = (
    await app.redeem(await app.code(browser, ada, { scope: 'openid posts:read', resource: SPRING }))
  ).body
  const silent = await browser.visit(app.begin({ id_token_hint: token, prompt: 'none' }).url)
  expect(answerOf(silent.left as URL)).toMatchObject({
    error: 'login_required',
    error_description: 'id_token_hint could not be verified',
  })
  const question = await browser.visit(`/logout?id_token_hint=${token}`)
  expect(textOf(question.html)).toContain('Sign out?')
})

/** No https address: that would be a client document. */
const idOf = (typ: string): string => `urn:example:${typ === 'JWT' ? 'plain' : 'typed'}`

/**
 * A public client whose id is the identifier of a resource, as no registration allows: the audience of its ID tokens is
 * that of access tokens, and only the type tells them apart.
 */
async function clientOfResource(typ: string): Promise<App> {
  const id = idOf(typ)
  await admin.resource(id, ['posts:read'], { access_token_typ: typ })
  const allowed = [{ resource: id, scopes: ['posts:read'] }]
  const spa = await admin.client('spa', { redirect_uris: [CALLBACK], signet_allow: allowed })
  await asSuperuser(async (db) => {
    await db.query(
      `INSERT INTO clients (id, profile, origin, metadata, openid_scopes)
       SELECT $2, profile, origin, metadata, openid_scopes FROM clients WHERE id = $1`,
      [spa.id, id],
    )
    await db.query(
      `INSERT INTO client_allowances (client_id, resource, scopes)
       SELECT $2, resource, scopes FROM client_allowances WHERE client_id = $1`,
      [spa.id, id],
    )
  }, server.databaseUrl)
  return createApp(server, { ...spa, id }, CALLBACK, true)
}

test.each(['at+jwt', 'JWT'])('a token with typ %s is no hint, even for a client with its audience', async (typ) => {
  const twin = await clientOfResource(typ)
  const browser = person(() => server)
  const resource = idOf(typ)
  const { body } = await twin.redeem(await twin.code(browser, ada, { scope: 'openid posts:read', resource }))
  const [token, idToken] = [String(body['access_token']), String(body['id_token'])]
  expect(decodeJwt(token).aud).toBe(decodeJwt(idToken).aud)
  const ask = async (hint: string) =>
    answerOf((await browser.visit(twin.begin({ id_token_hint: hint, prompt: 'none' }).url)).left as URL)
  expect(await ask(token)).toMatchObject({ error: 'login_required' })
  expect(await ask(idToken)).toHaveProperty('code')
  expect(textOf((await browser.visit(`/logout?id_token_hint=${token}`)).html)).toContain('Sign out?')
})

test('userinfo names the API that it is for', async () => {
  const { access_token: token } = await ofPerson()
  const response = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })
  expect([response.status, ((await response.json()) as { error_description: string }).error_description]).toEqual([
    401,
    `this token is for ${SPRING}; userinfo needs one without \`resource\``,
  ])
})

test('tokens with typ JWT are still introspected and revoked after their resource goes back to at+jwt', async () => {
  const api = 'https://changes.example.com'
  await admin.resource(api, ['posts:read'], { access_token_typ: 'JWT' })
  const service = await admin.client('machine', { signet_allow: [{ resource: api, scopes: ['posts:read'] }] })
  const owner = createApp(server, service, CALLBACK)
  const token = async () => String((await owner.token({ grant_type: 'client_credentials' })).body['access_token'])
  const before = await token()
  expect(await isActive(before)).toBe(true)
  await admin.call('PATCH', `/resources/${encodeURIComponent(api)}`, { access_token_typ: 'at+jwt' })
  await eventually(async () => decodeProtectedHeader(await token()).typ === 'at+jwt', SOON_MS)
  expect(decodeProtectedHeader(before).typ).toBe('JWT')
  expect(await isActive(before)).toBe(true)
  expect((await owner.call('/revoke', { token: before })).status).toBe(200)
  expect(await isActive(before)).toBe(false)
  expect(await isActive(await token())).toBe(true)
})
