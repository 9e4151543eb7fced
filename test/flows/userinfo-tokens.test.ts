/** Which access tokens open userinfo: those without a resource, and how an app gets one beside its token for an API. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
const OPAQUE = 'https://opaque.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  await admin.resource(OPAQUE, ['posts:list'], { access_token_format: 'opaque' })
  await admin.account(ada.email, ada.password)
  const client = await admin.client('web', {
    redirect_uris: [CALLBACK],
    signet_allow: [
      { resource: API, scopes: ['posts:read'] },
      { resource: OPAQUE, scopes: ['posts:list'] },
    ],
  })
  app = createApp(server, client, CALLBACK)
})

const userinfo = (token: unknown) =>
  server.fetch('/userinfo', { headers: { authorization: `Bearer ${String(token)}` } })

async function granted(params: Record<string, string>): Promise<Record<string, string>> {
  const grant = await app.code(
    person(() => server),
    ada,
    params,
  )
  return (await app.redeem(grant)).body
}

test.each([
  ['a JWT', API, 'openid email posts:read'],
  ['an opaque token', OPAQUE, 'openid email posts:list'],
])('%s for an API is refused at userinfo by naming the API', async (_kind, resource, scope) => {
  const body = await granted({ scope, resource })
  const refused = await userinfo(body['access_token'])
  const description = `this token is for ${resource}; userinfo needs one without \`resource\``
  expect([refused.status, await refused.json()]).toEqual([
    401,
    { error: 'invalid_token', error_description: description },
  ])
  expect(refused.headers.get('www-authenticate')).toContain(`error_description="${description}"`)
  const [event] = await admin.audit('endpoint.refused')
  expect(event).toMatchObject({ outcome: 'failure', detail: { endpoint: 'userinfo' } })
  expect(event?.['reason']).toMatch(/^invalid_token: /)
})

test('a token that is not ours, or was tampered with, is refused without a word about an API', async () => {
  const { access_token: token = '' } = await granted({ scope: 'openid posts:read', resource: API })
  for (const bent of [`${token.slice(0, -8)}AAAAAAAA`, 'x.y.z', 'x']) {
    const refused = await userinfo(bent)
    expect(refused.status).toBe(401)
    expect(await refused.text()).not.toContain(API)
  }
})

test('a refresh with scopes of OpenID Connect alone gives a token for userinfo, and others keep their resource', async () => {
  const body = await granted({ scope: 'openid email offline_access posts:read', resource: API })
  const own = await app.refresh(String(body['refresh_token']), { scope: 'openid email' })
  expect(own.status).toBe(200)
  expect(own.body['access_token']).not.toContain('.')
  expect(own.body['scope']?.split(' ').toSorted()).toEqual(['email', 'openid'])
  expect(await (await userinfo(own.body['access_token'])).json()).toMatchObject({ email: ada.email })
  for (const params of [{}, { scope: 'openid posts:read' }, { scope: 'openid', resource: API }]) {
    const api = await app.refresh(String(body['refresh_token']), params)
    expect(decodeJwt(String(api.body['access_token'])).aud).toBe(API)
  }
})
