/** Where claims about the person go: into the ID token, or to userinfo alone; and what `scope` of an answer says. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const SCOPE = 'openid profile email offline_access'
const ada = { email: 'ada@example.com', password: PASSWORD }
const ABOUT_ADA = { name: 'Ada Lovelace', email: ada.email, email_verified: false }
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  await admin.account(ada.email, ada.password)
})

async function anApp(profile: 'web' | 'spa' | 'native', also: Record<string, unknown> = {}) {
  const allow = [{ resource: API, scopes: ['posts:read'] }]
  const client = await admin.client(profile, { redirect_uris: [CALLBACK], signet_allow: allow, ...also })
  return { app: createApp(server, client, CALLBACK, profile !== 'web'), client }
}

async function granted(app: App, params: Record<string, string>): Promise<Record<string, string>> {
  const grant = await app.code(
    person(() => server),
    ada,
    params,
  )
  return (await app.redeem(grant)).body
}

const claimsOf = (idToken: unknown) => decodeJwt(String(idToken)) as Record<string, unknown>

test.each(['web', 'spa', 'native'] as const)(
  'the ID token of a %s client carries the claims of granted scopes, whatever its access token is for',
  async (profile) => {
    const { app, client } = await anApp(profile)
    const own = await granted(app, { scope: SCOPE })
    expect(claimsOf(own['id_token'])).toMatchObject(ABOUT_ADA)
    const api = await granted(app, { scope: `${SCOPE} posts:read`, resource: API })
    expect(claimsOf(api['id_token'])).toMatchObject(ABOUT_ADA)
    expect(claimsOf((await app.refresh(String(api['refresh_token']))).body['id_token'])).toMatchObject(ABOUT_ADA)
    const { email } = claimsOf((await granted(app, { scope: 'openid profile' }))['id_token'])
    expect(email).toBeUndefined()
    expect(await admin.call('GET', `/clients/${client.id}`)).toMatchObject({ signet_id_token_claims: 'all' })
  },
)

test('a client with minimal ID tokens finds the claims at userinfo alone', async () => {
  const { app } = await anApp('web', { signet_id_token_claims: 'minimal' })
  const own = await granted(app, { scope: SCOPE })
  const api = await granted(app, { scope: `${SCOPE} posts:read`, resource: API })
  const refreshed = (await app.refresh(String(api['refresh_token']))).body
  for (const { id_token: idToken } of [own, api, refreshed]) {
    const protocol = ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'amr']
    expect(Object.keys(claimsOf(idToken)).toSorted()).toEqual(protocol.toSorted())
  }
  const userinfo = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${own['access_token']}` } })
  expect(await userinfo.json()).toMatchObject(ABOUT_ADA)
})

test('the setting can be changed at any time', async () => {
  const { app, client } = await anApp('web')
  await admin.call('PATCH', `/clients/${client.id}`, { signet_id_token_claims: 'minimal' })
  expect(claimsOf((await granted(app, { scope: SCOPE }))['id_token'])).not.toHaveProperty('email')
  await admin.call('PATCH', `/clients/${client.id}`, { signet_id_token_claims: null })
  expect(claimsOf((await granted(app, { scope: SCOPE }))['id_token'])).toMatchObject(ABOUT_ADA)
})

test('scope of an answer names openid whenever there is an ID token, and only then', async () => {
  const { app } = await anApp('web')
  const scope = 'openid offline_access posts:read'
  const api = await granted(app, { scope, resource: API })
  expect(api['scope']).toBe('openid posts:read')
  expect(claimsOf(api['access_token'])).toMatchObject({ scope: 'posts:read' })
  const [event] = await admin.audit('token.issued')
  expect(event).toMatchObject({ detail: { scope: 'openid posts:read' } })
  expect((await app.refresh(String(api['refresh_token']))).body['scope']).toBe('openid posts:read')
  const without = await app.refresh(String(api['refresh_token']), { scope: 'posts:read' })
  expect(without.body).toMatchObject({ scope: 'posts:read' })
  expect(without.body).not.toHaveProperty('id_token')
  expect((await granted(app, { scope: 'posts:read', resource: API }))['scope']).toBe('posts:read')
})
