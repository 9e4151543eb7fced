/** An API that looks at the status list: what is ended at the server is refused there, within the time that is stated. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { beforeAll, expect, test } from 'vitest'
import { accessTokens, type AccessTokensOptions } from '#resource-server/index.ts'
import { requireAccessToken } from '#resource-server/koa.ts'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { atEnd } from '../support/endings.ts'
import { person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ALLOWED = { redirect_uris: [CALLBACK], signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
/** An API asks again for a list after half of its ttl of a minute. */
const REFRESHED_MS = 30_000
const REVOKED = '401 Bearer error="invalid_token", error_description="The access token was revoked."'
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
})

async function granted() {
  const email = 'ada@example.com'
  const sub = await admin.account(email, PASSWORD)
  const app = createApp(server, await admin.client('web', ALLOWED), CALLBACK)
  const code = await app.code(
    person(() => server),
    { email, password: PASSWORD },
    { scope: 'openid offline_access posts:read', resource: API },
  )
  const { body } = await app.redeem(code)
  return { app, sub, jwt: body['access_token'] as string, refresh: body['refresh_token'] as string }
}

/** An API of its own over HTTP; its clock is ahead by what `clock.ahead` says. */
async function anApi(options: Partial<AccessTokensOptions>) {
  const clock = { ahead: 0 }
  const tokens = accessTokens({
    issuer: server.issuer,
    audience: API,
    resourceMetadata: false,
    now: () => new Date(Date.now() + clock.ahead),
    ...options,
  })
  const app = new Koa()
  app.use(requireAccessToken(tokens, { scope: 'posts:read' }))
  app.use((ctx) => {
    ctx.body = 'posts'
  })
  const listener = app.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  atEnd(() => {
    listener.closeAllConnections()
    listener.close()
  })
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  async function ask(jwt: string): Promise<string> {
    const response = await fetch(url, { headers: { authorization: `Bearer ${jwt}` } })
    const challenge = response.headers.get('www-authenticate')
    return challenge === null ? `${response.status} ${await response.text()}` : `${response.status} ${challenge}`
  }
  return { ask, clock }
}

test('a grant that ends is refused by the API within half a minute, and by one that does not look not at all', async () => {
  const { app, jwt, refresh } = await granted()
  const looking = await anApi({ statusList: true })
  const eager = await anApi({ statusList: { refreshSeconds: 1 } })
  const trusting = await anApi({})
  for (const api of [looking, eager, trusting]) expect(await api.ask(jwt)).toBe('200 posts')

  expect((await app.call('/revoke', { token: refresh })).status).toBe(200)
  expect(await admin.audit('token.revoked')).toMatchObject([{ outcome: 'success', detail: { kind: 'RefreshToken' } }])
  await expect.poll(() => eager.ask(jwt)).toBe(REVOKED)
  expect(await looking.ask(jwt)).toBe('200 posts')
  for (const api of [looking, trusting]) api.clock.ahead = REFRESHED_MS
  expect(await looking.ask(jwt)).toBe(REVOKED)
  expect(await trusting.ask(jwt)).toBe('200 posts')
})

test('a machine that is disabled is refused by the API, and another machine is not', async () => {
  const [one, other] = await Promise.all(
    [1, 2].map(async () => {
      const client = await admin.client('machine', { signet_allow: ALLOWED.signet_allow })
      const { body } = await createApp(server, client, CALLBACK).token({ grant_type: 'client_credentials' })
      return { client, jwt: body['access_token'] as string }
    }),
  )
  if (one === undefined || other === undefined) throw new Error('two machines are needed')
  const { ask } = await anApi({ statusList: { refreshSeconds: 1 } })
  expect([await ask(one.jwt), await ask(other.jwt)]).toEqual(['200 posts', '200 posts'])
  await admin.call('POST', `/clients/${one.client.id}/disable`)
  await expect.poll(() => ask(one.jwt)).toBe(REVOKED)
  expect(await ask(other.jwt)).toBe('200 posts')
})
