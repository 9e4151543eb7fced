/** Lifetimes are settings: what an administrator changes on one process holds for what the other issues. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { person } from '../support/person.ts'
import { type Server, startServers } from '../support/server.ts'
import { SOON_MS } from '../support/eventually.ts'
import { letTimePass } from '../support/passed-time.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let second: Server
let admin: Administrator
let app: App
let machine: App
let nextLifetime = 130
let sub: string

beforeAll(async () => {
  const [first, other] = (await startServers(2)) as [Server, Server]
  second = other
  admin = await administrator(first)
  await admin.resource(API, ['posts:read'])
  sub = await admin.account(ada.email, ada.password)
  const spa = await admin.client('spa', {
    redirect_uris: [CALLBACK],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  app = createApp(second, spa, CALLBACK, true)
  const allowed = { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
  machine = createApp(first, await admin.client('machine', allowed), CALLBACK)
})

/** Sets lifetimes on the first process and waits until the second issues access tokens that live as long as they say. */
async function set(lifetimes: Record<string, number | null>): Promise<void> {
  nextLifetime += 1
  const all = { access_token_seconds: nextLifetime, ...lifetimes }
  await admin.call('PATCH', '/settings', { lifetimes: all })
  const given = async () => (await machine.token({ grant_type: 'client_credentials' }, second)).body['expires_in']
  await expect.poll(given, { timeout: SOON_MS }).toBe(all.access_token_seconds)
}

const signIn = async () =>
  (
    await app.redeem(
      await app.code(
        person(() => second),
        ada,
        { scope: 'openid posts:read', resource: API },
      ),
    )
  ).body

test('access tokens, ID tokens and sessions live as long as the settings say', async () => {
  await set({ access_token_seconds: 120, id_token_seconds: 600, session_idle_seconds: 1200 })
  const tokens = await signIn()
  expect(tokens).toMatchObject({ expires_in: 120 })
  const [access, id] = [decodeJwt(String(tokens.access_token)), decodeJwt(String(tokens.id_token))]
  expect(Number(access.exp) - Number(access.iat)).toBe(120)
  expect(Number(id.exp) - Number(id.iat)).toBe(600)
  const { items } = await admin.call<{ items: { expires_at: string }[] }>('GET', `/accounts/${sub}/sessions`)
  const left = items.map(({ expires_at }) => (Date.parse(expires_at) - Date.now()) / 1000)
  expect(left).toEqual([expect.closeTo(1200, -1.5)])
  await set({ id_token_seconds: null, session_idle_seconds: null })
})

test('a code is too old as soon as the settings say', async () => {
  await set({ authorization_code_seconds: 10 })
  const code = await app.code(
    person(() => second),
    ada,
    { scope: 'openid posts:read', resource: API },
  )
  await letTimePass(second.databaseUrl, 10)
  expect(await app.redeem(code)).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant', error_description: expect.stringMatching(/expired/) },
  })
  const [event] = await admin.audit('token.refused')
  expect(event).toMatchObject({ outcome: 'failure', reason: expect.stringContaining('invalid_grant') })
  await set({ authorization_code_seconds: null })
})

test('without a grace window a repeated refresh token is theft at once, with one it is answered', async () => {
  const { refresh_token: kind } = await signIn()
  await app.refresh(String(kind))
  expect((await app.refresh(String(kind))).status).toBe(200)

  await set({ refresh_grace_seconds: 0 })
  const { refresh_token: strict } = await signIn()
  const { body: next } = await app.refresh(String(strict))
  expect(await app.refresh(String(strict))).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant', error_description: expect.stringMatching(/already used/) },
  })
  expect((await admin.audit('token.reused'))[0]).toMatchObject({ outcome: 'failure' })
  expect((await app.refresh(String(next.refresh_token))).status).toBe(400)
  await set({ refresh_grace_seconds: null })
})
