/** Apps whose identity is not assured get no answer without a click of the person (RFC 8252 §8.6). */
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person, type Person, textOf } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'

const ada = { email: 'ada@example.com', password: PASSWORD }
const LOOPBACK = 'http://127.0.0.1/cb'
const PRIVATE = 'com.example.tool:/cb'
const CLAIMED = 'https://tool.example/cb'
const WEB = 'https://shop.example/cb'
/** What the apps are answered when nobody clicks. */
const NOT_ASSURED = {
  error: 'consent_required',
  error_description: "the app's identity is not assured, so a person has to continue",
}
const FETCHED = `INSERT INTO client_documents (id, attempted_at, fetched_at, next_at)
  VALUES ($1, now(), now(), now() + interval '1 hour') ON CONFLICT DO NOTHING`
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  await admin.call('PATCH', '/settings', { client_documents: { mode: 'on' } })
})

interface Made {
  readonly profile: 'native' | 'web' | 'spa'
  readonly uris: readonly string[]
  readonly origin?: 'registration' | 'document'
  /** The client document, which names the client. */
  readonly id?: string
  /** The redirect URI of the requests; the first one by default. */
  readonly at?: string
}

/**
 * An app that is registered in the given way. The rows of others than an administrator's are changed; a client document
 * counts as just fetched, since its host does not exist.
 */
async function anApp({ profile, uris, origin, id, at }: Made): Promise<App & { readonly client: RegisteredClient }> {
  const client = await admin.client(profile, { client_name: 'tool', redirect_uris: uris })
  if (origin !== undefined) {
    const change = 'UPDATE clients SET origin = $2, id = coalesce($3, id), version = 2 WHERE id = $1'
    await asSuperuser((db) => db.query(change, [client.id, origin, id ?? null]), server.databaseUrl)
    if (id !== undefined) await asSuperuser((db) => db.query(FETCHED, [id]), server.databaseUrl)
  }
  const named = { ...client, id: id ?? client.id }
  return { ...createApp(server, named, at ?? (uris[0] as string), profile !== 'web'), client: named }
}

/** A browser in which the person is signed in and has given the app all that it asks. */
async function allowed(app: App): Promise<Person> {
  const browser = person(() => server)
  await app.code(browser, ada)
  return browser
}

const openers: readonly [string, Made][] = [
  ['a native app on loopback', { profile: 'native', uris: [LOOPBACK], at: 'http://127.0.0.1:49152/cb' }],
  ['a native app with a private-use scheme', { profile: 'native', uris: [PRIVATE] }],
  [
    'a native app that comes back on loopback this time',
    { profile: 'native', uris: [CLAIMED, LOOPBACK], at: LOOPBACK },
  ],
  ['an app that registered itself', { profile: 'web', uris: [WEB], origin: 'registration' }],
  [
    'an app of a client document that names a redirect URI of another host',
    { profile: 'spa', uris: ['https://a.example/cb', WEB], origin: 'document', id: 'https://a.example/client.json' },
  ],
  [
    'an app of a client document on loopback',
    { profile: 'native', uris: [LOOPBACK], origin: 'document', id: 'https://b.example/client.json' },
  ],
]
const closed: readonly [string, Made][] = [
  ['a native app with a claimed https URI', { profile: 'native', uris: [CLAIMED] }],
  ['an app that an administrator registered', { profile: 'web', uris: [WEB] }],
  [
    'an app of a client document with redirect URIs on its own host',
    {
      profile: 'spa',
      uris: ['https://c.example/cb', 'https://c.example/other'],
      origin: 'document',
      id: 'https://c.example/client.json',
    },
  ],
]

describe.each(openers)('%s', (_name, made) => {
  test('gets no code without a click, and a page with one button for it', async () => {
    const app = await anApp(made)
    const browser = await allowed(app)
    const silent = await browser.visit(app.begin({ prompt: 'none' }).url)
    expect(answerOf(silent.left as URL)).toMatchObject(NOT_ASSURED)
    const [event] = await admin.audit('authorization.refused')
    const reason = `${NOT_ASSURED.error}: ${NOT_ASSURED.error_description}`
    expect(event).toMatchObject({ client_id: app.client.id, reason })

    const { url, verifier } = app.begin()
    const page = await browser.visit(url)
    expect(page.left).toBeUndefined()
    expect(page.html.match(/<button/g)).toHaveLength(1)
    expect(textOf(page.html)).toContain('Continue to tool')
    expect(textOf(page.html)).toContain(`wants to continue with your account, ${ada.email}`)
    const { left } = await browser.submit(page, {})
    const code = String(answerOf(left as URL)['code'])
    expect((await app.redeem({ code, verifier })).status).toBe(200)
  })
})

test.each(closed)('%s gets a code without a click where consent is remembered', async (_name, made) => {
  const app = await anApp(made)
  const browser = await allowed(app)
  for (const params of [{ prompt: 'none' }, {}]) {
    const { left } = await browser.visit(app.begin(params).url)
    expect(answerOf(left as URL)).toHaveProperty('code')
  }
})

test('a sign-in and a consent are clicks too, so no further one is asked', async () => {
  const app = await anApp({ profile: 'native', uris: [LOOPBACK] })
  await allowed(app)
  const browser = person(() => server)
  const signIn = await browser.visit(app.begin().url)
  const done = await browser.submit(signIn, { identifier: ada.email, password: PASSWORD })
  expect(answerOf(done.left as URL)).toHaveProperty('code')

  const consent = await browser.visit(app.begin({ scope: 'openid email' }).url)
  expect(textOf(consent.html)).toContain('Give tool access?')
  const allowing = await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
  expect(answerOf(allowing.left as URL)).toHaveProperty('code')
})

test('a click grants nothing: what was left out before stays left out', async () => {
  const app = await anApp({ profile: 'native', uris: [LOOPBACK] })
  const browser = await allowed(app)
  const consent = await browser.visit(app.begin({ scope: 'openid profile email' }).url)
  await browser.submit(consent, {}, { name: 'decision', value: 'allow' }, { unticked: ['email'] })
  const { url, verifier } = app.begin({ scope: 'openid profile email' })
  const { left } = await browser.submit(await browser.visit(url), {})
  const { body } = await app.redeem({ code: String(answerOf(left as URL)['code']), verifier })
  expect(body['scope']).toBe('openid profile')
})

test('a form that no page of this interaction made gives no code', async () => {
  const app = await anApp({ profile: 'native', uris: [LOOPBACK] })
  const browser = await allowed(app)
  const page = await browser.visit(app.begin().url)
  const forged = await browser.submit(page, { csrf: 'x' })
  expect([forged.status, forged.left]).toEqual([403, undefined])
  expect(textOf(forged.html)).toContain('open for too long')
  const [event] = await admin.audit('authorization.refused')
  expect(event).toMatchObject({
    client_id: app.client.id,
    reason: 'the form was not made by a page of this interaction in this browser',
  })
  const { left } = await browser.submit(forged, {})
  expect(answerOf(left as URL)).toHaveProperty('code')
})

test('the click of one interaction is no consent: its form answers no other question', async () => {
  const app = await anApp({ profile: 'native', uris: [LOOPBACK] })
  const browser = await allowed(app)
  const consent = await browser.visit(app.begin({ scope: 'openid email', prompt: 'consent' }).url)
  const html = consent.html.replaceAll('/consent"', '/continue"')
  const back = await browser.submit({ ...consent, html }, {}, { name: 'decision', value: 'allow' })
  expect(back.left).toBeUndefined()
  expect(textOf(back.html)).toContain('Give tool access?')
})

test('refresh tokens that such an app holds stay usable without a person', async () => {
  const api = 'https://api.example.com'
  await admin.resource(api, ['posts:read'])
  const client = await admin.client('native', {
    redirect_uris: [LOOPBACK],
    signet_allow: [{ resource: api, scopes: ['posts:read'] }],
  })
  const app = createApp(server, client, LOOPBACK, true)
  const grant = await app.code(
    person(() => server),
    ada,
    { scope: 'openid posts:read', resource: api },
  )
  const { body } = await app.redeem(grant)
  expect((await app.refresh(String(body['refresh_token']))).status).toBe(200)
})
