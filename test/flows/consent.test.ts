/** What a person allows: all that is asked or a part of it, for how long, and what they are warned of. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { choicesOf, granted } from '#interactions/consent/choice.ts'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person, textOf, type Visit } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://shop.example/cb'
const SCOPE = 'openid email posts:read posts:write'
const ALLOW = { name: 'decision', value: 'allow' }
let server: Server
let admin: Administrator
let shop: RegisteredClient
let app: App
let made = 0

const allowed = [{ resource: API, scopes: ['posts:read', 'posts:write'] }]

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  shop = await admin.client('web', { client_name: 'shop', redirect_uris: [CALLBACK], signet_allow: allowed })
  app = createApp(server, shop, CALLBACK)
})

/** A new person at the consent page. */
async function asked(through = app, params: Record<string, string> = { scope: SCOPE, resource: API }) {
  const email = `person-${(made += 1)}@example.com`
  const sub = await admin.account(email, PASSWORD)
  const browser = person(() => server)
  const attempt = through.begin(params)
  const page = await browser.submit(await browser.visit(attempt.url), { identifier: email, password: PASSWORD })
  return { ...attempt, browser, page, sub }
}

const scopesOf = (token: unknown) => String(decodeJwt(String(token))['scope']).split(' ')
const redeem = async (answer: Visit, verifier: string) =>
  (await app.redeem({ code: String(answerOf(answer.left as URL)['code']), verifier })).body

test('ASVS 10.7.2: every scope but openid can be left out, and the token and the record have what is left', async () => {
  const { browser, page, verifier, sub } = await asked()
  const boxes = [...page.html.matchAll(/<input type="checkbox" name="scope" value="([^"]*)" checked( hidden)?/g)]
  expect(boxes.map(([, scope, hidden]) => [scope, hidden !== undefined])).toEqual([
    ['openid', true],
    ['email', false],
    ['posts:read', false],
    ['posts:write', false],
  ])
  const body = await redeem(await browser.submit(page, {}, ALLOW, { unticked: ['email', 'posts:write'] }), verifier)
  expect(scopesOf(body.access_token)).toEqual(['posts:read'])
  expect(body.scope).toBe('openid posts:read')
  expect(decodeJwt(String(body.id_token))).not.toHaveProperty('email')

  const { items } = await admin.call<{ items: Record<string, unknown>[] }>('GET', `/accounts/${sub}/grants`)
  expect(items).toMatchObject([{ scope: 'openid', resources: [{ resource: API, scopes: ['posts:read'] }] }])
  const [event] = await admin.audit('consent.granted')
  expect(event).toMatchObject({ detail: { openid_scopes: ['openid'], resource_scopes: { [API]: ['posts:read'] } } })
})

test('what was left out is asked again when the app asks for it again, and that alone', async () => {
  const { browser, page } = await asked()
  await browser.submit(page, {}, ALLOW, { unticked: ['posts:write'] })
  const again = await browser.visit(app.begin({ scope: SCOPE, resource: API, prompt: 'consent' }).url)
  expect(again.html).toContain('value="posts:write"')
  const other = person(() => server)
  const signedIn = await other.submit(await other.visit(app.begin({ scope: SCOPE, resource: API }).url), {
    identifier: `person-${made}@example.com`,
    password: PASSWORD,
  })
  expect(signedIn.html).toContain('value="posts:write"')
  expect(signedIn.html).not.toContain('value="posts:read"')
})

test('whoever ticks nothing and allows is asked to choose', async () => {
  const { browser, page } = await asked(app, { scope: 'posts:read posts:write', resource: API })
  const answer = await browser.submit(page, {}, ALLOW, { unticked: ['posts:read', 'posts:write'] })
  expect(answer.status).toBe(422)
  expect(textOf(answer.html)).toContain('Nothing was ticked.')
  expect(await admin.audit('consent.granted')).not.toContainEqual(expect.objectContaining({ client_id: 'nobody' }))
  const done = await browser.submit(answer, {}, ALLOW)
  expect(done.left?.searchParams.get('code')).toEqual(expect.any(String))
})

test('what was not asked cannot be granted by a form that was changed', async () => {
  const { browser, page, verifier } = await asked(app, { scope: 'openid posts:read', resource: API })
  const body = await redeem(await browser.submit(page, { scope: 'posts:write' }, ALLOW), verifier)
  expect(scopesOf(body.access_token)).toEqual(['posts:read'])
})

test('an app that runs on this device alone is warned about, and it is said how long access lasts', async () => {
  const native = await admin.client('native', {
    client_name: 'tool',
    redirect_uris: ['http://127.0.0.1/cb'],
    signet_allow: allowed,
  })
  const { page } = await asked(createApp(server, native, 'http://127.0.0.1:4711/cb', true))
  expect(textOf(page.html)).toContain('This app runs on your own device.')
  expect(textOf(page.html)).toContain('127.0.0.1:4711')
  expect(textOf(page.html)).toContain('It keeps access until you take it back in your account, for 180 days at most.')

  const web = await asked()
  expect(textOf(web.page.html)).not.toContain('This app runs on your own device.')
  expect(textOf(web.page.html)).toContain('It has access while you are signed in in this browser.')
  const offline = await asked(app, { scope: 'openid offline_access posts:read', resource: API })
  expect(textOf(offline.page.html)).toContain('It keeps access until you take it back')
})

test('a scope of the same name in two APIs is two choices', () => {
  const choices = choicesOf({
    openidScopes: ['openid'],
    resourceScopes: { 'https://a.example': ['read', 'write'], 'https://b.example': ['read'] },
  })
  expect(choices.map(({ value }) => value)).toEqual([
    'openid',
    'https://a.example read',
    'write',
    'https://b.example read',
  ])
  expect(granted(choices, ['https://b.example read'])).toEqual({
    openidScopes: ['openid'],
    resourceScopes: { 'https://b.example': ['read'] },
  })
})
