/** Pairwise subjects (OpenID Connect Core §8.1): apps of different sectors know the same person by different subjects. */
import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { keysHost } from '../support/keys-host.ts'
import { answerOf, person, type Person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
const ada = { email: 'ada@example.com', password: PASSWORD }
const bob = { email: 'bob@example.com', password: PASSWORD }
const [OLD, NEW] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64url')) as [string, string]
let server: Server
let admin: Administrator
let gateway: App
let accountId: string

interface Registered {
  readonly app: App
  readonly client: RegisteredClient
}

beforeAll(async () => {
  server = await startServer({ env: { SIGNET_MASTER_KEYS: OLD } })
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  accountId = await admin.account(ada.email, ada.password)
  await admin.account(bob.email, bob.password)
  gateway = createApp(server, await admin.client('machine', { signet_introspect: true }), '')
})

async function registered(callback: string, also: Record<string, unknown> = {}): Promise<Registered> {
  const registration = await admin.client('web', {
    redirect_uris: [callback],
    post_logout_redirect_uris: [`${new URL(callback).origin}/bye`],
    subject_type: 'pairwise',
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
    ...also,
  })
  return { app: createApp(server, registration, callback), client: registration }
}

async function tokensOf({ app }: Registered, browser: Person, params: Record<string, string>, who = ada) {
  const { status, body } = await app.redeem(await app.code(browser, who, params))
  expect(status).toBe(200)
  return body
}

const anybody = () => person(() => server)
const subOf = (jwt: unknown) => decodeJwt(String(jwt)).sub

async function introspected(by: App, token: unknown): Promise<unknown> {
  const { body } = await by.call('/introspect', { token: String(token) })
  expect(body).toMatchObject({ active: true })
  return body['sub']
}

/** Signs in for the app and for the API, and returns every subject that somebody sees. */
async function seenSubjects(one: Registered, who = ada): Promise<unknown[]> {
  const browser = anybody()
  const own = await tokensOf(one, browser, { scope: 'openid offline_access' }, who)
  const api = await tokensOf(one, browser, { scope: 'openid posts:read', resource: API }, who)
  const userinfo = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${own['access_token']}` } })
  const refreshed = (await one.app.refresh(String(own['refresh_token']))).body
  return [
    subOf(own['id_token']),
    ((await userinfo.json()) as { sub: string }).sub,
    subOf(refreshed['id_token']),
    subOf(api['access_token']),
    ...(await Promise.all(
      [gateway, one.app].flatMap((by) => [
        introspected(by, api['access_token']),
        introspected(by, own['access_token']),
        introspected(by, own['refresh_token']),
      ]),
    )),
  ]
}

test('an app knows a person by one subject everywhere, an app of another sector by another, and neither is the account id', async () => {
  const [shop, blog] = [await registered('https://shop.example/cb'), await registered('https://blog.example/cb')]
  const atShop = await seenSubjects(shop)
  const atBlog = await seenSubjects(blog)
  expect(new Set(atShop).size).toBe(1)
  expect(new Set(atBlog).size).toBe(1)
  expect(new Set([atShop[0], atBlog[0], accountId]).size).toBe(3)
  // OpenID Connect Core §2: at most 255 ASCII characters
  expect(atShop[0]).toMatch(/^pair-[\w-]{43,200}$/)
  expect((await seenSubjects(shop, bob))[0]).not.toBe(atShop[0])
  // the client's public subject would be the account id
  await admin.call('PATCH', `/clients/${blog.client.id}`, { subject_type: 'public' })
  expect(new Set(await seenSubjects(blog))).toEqual(new Set([accountId]))
  expect(await (await server.fetch('/.well-known/openid-configuration')).json()).toMatchObject({
    subject_types_supported: ['public', 'pairwise'],
  })
})

test('the audit log and the admin API name the account, whatever the app sees', async () => {
  const shop = await registered('https://audited.example/cb')
  const { id_token: idToken } = await tokensOf(shop, anybody(), { scope: 'openid' })
  const [event] = await admin.audit('token.issued')
  expect(event).toMatchObject({ client_id: shop.client.id, account_id: accountId })
  const { items } = await admin.call<{ items: { client_id: string }[] }>('GET', `/accounts/${accountId}/grants`)
  expect(items.map((grant) => grant.client_id)).toContain(shop.client.id)
  expect((await admin.ask('GET', `/accounts/${String(subOf(idToken))}`)).status).toBe(404)
})

test('apps of one sector_identifier_uri share their subjects, which openid-client accepts', async () => {
  const callbacks = ['https://one.example/cb', 'https://two.example/cb']
  const host = await keysHost([])
  host.answer.body = JSON.stringify(callbacks)
  const [one, two] = (await Promise.all(
    callbacks.map((callback) => registered(callback, { sector_identifier_uri: host.url })),
  )) as [Registered, Registered]
  expect((await seenSubjects(one))[0]).toBe((await seenSubjects(two))[0])

  const { client: third } = await registered(callbacks[0] as string, {
    sector_identifier_uri: host.url,
    token_endpoint_auth_method: 'client_secret_basic',
  })
  const execute = [client.allowInsecureRequests]
  const config = await client.discovery(new URL(server.issuer), third.id, third.secret, undefined, { execute })
  const codeVerifier = client.randomPKCECodeVerifier()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callbacks[0] as string,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  })
  const back = await anybody().authorize(url.href, ada)
  const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: codeVerifier })
  const { sub = '' } = tokens.claims() ?? {}
  expect(sub).toBe((await seenSubjects(one))[0])
  // refuses an answer with another subject
  expect(await client.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({ sub, email: ada.email })
})

test('a hint tells who is signed in, and signs out without a question', async () => {
  const shop = await registered('https://hints.example/cb')
  const browser = anybody()
  const { id_token: hint } = await tokensOf(shop, browser, { scope: 'openid' })
  const { id_token: other } = await tokensOf(shop, anybody(), { scope: 'openid' }, bob)
  const silently = async (params: Record<string, string>) =>
    answerOf((await browser.visit(shop.app.begin({ prompt: 'none', ...params }).url)).left as URL)
  expect(await silently({ id_token_hint: String(hint) })).toHaveProperty('code')
  expect(await silently({ id_token_hint: String(other) })).toMatchObject({
    error: 'login_required',
    error_description: 'the person who is signed in is not the one that id_token_hint or the claim sub asks for',
  })
  const [event] = await admin.audit('authorization.refused')
  expect(event).toMatchObject({ client_id: shop.client.id, account_id: accountId, outcome: 'failure' })
  const { left } = await browser.visit(
    `/logout?id_token_hint=${String(hint)}&post_logout_redirect_uri=https://hints.example/bye`,
  )
  expect(left?.href).toBe('https://hints.example/bye')
  expect(await silently({})).toMatchObject({ error: 'login_required' })
})

test('subjects stay the same when the master keys change', async () => {
  const shop = await registered('https://lasting.example/cb')
  const before = await seenSubjects(shop)
  await server.stop()
  await server.restart({ SIGNET_MASTER_KEYS: `${NEW},${OLD}` })
  expect(await seenSubjects(shop)).toEqual(before)
})

describe('registration', () => {
  async function refused(members: Record<string, unknown>, profile = 'web') {
    const body = { signet_profile: profile, token_endpoint_auth_method: 'none', subject_type: 'pairwise', ...members }
    const answer = await admin.ask('POST', '/clients', {
      body: profile === 'web' ? { ...body, token_endpoint_auth_method: 'client_secret_basic' } : body,
    })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_client_metadata' } })
    const event = await admin.eventOf('admin.refused', answer.headers)
    expect(event).toMatchObject({ outcome: 'failure', detail: { route: '/admin/v1/clients', status: 400 } })
    return (answer.body as { errors: unknown[] }).errors
  }
  const expected = 'a sector_identifier_uri, because the redirect URIs of this pairwise client have no host of its own'

  test.each([
    ['several hosts', 'web', ['https://one.example/cb', 'https://two.example/cb']],
    ['a loopback host', 'native', ['http://127.0.0.1/cb']],
    ['no host at all', 'native', ['com.example.app:/cb']],
  ])('redirect URIs with %s need a sector_identifier_uri', async (_what, profile, redirect_uris) => {
    const faults = await refused({ redirect_uris }, profile)
    expect(faults).toEqual([{ field: 'sector_identifier_uri', given: null, expected }])
  })

  const listed = 'an address of a JSON array with every redirect URI of the client: '
  test.each([
    [
      'does not list a redirect URI',
      { body: '["https://one.example/other"]' },
      'it does not list https://one.example/cb',
    ],
    ['is no array', { body: '{"https://one.example/cb":1}' }, 'it answered with something else'],
    ['is not JSON', { body: '<html>' }, 'it answered with something else'],
    ['is not found', { status: 404 }, 'it answered with status 404'],
    [
      'redirects',
      { status: 302, headers: { location: '/elsewhere' } },
      /answered with a redirect, which is not followed/,
    ],
  ])('a sector_identifier_uri whose document %s is refused', async (_what, answer, why) => {
    const host = await keysHost([])
    Object.assign(host.answer, answer)
    const faults = await refused({ redirect_uris: ['https://one.example/cb'], sector_identifier_uri: host.url })
    const matches = typeof why === 'string' ? listed + why : (expect.stringMatching(why) as string)
    expect(faults).toEqual([{ field: 'sector_identifier_uri', given: host.url, expected: matches }])
  })

  test.each(['http://one.example/sector', 'https://one.example/#sector', 'ftp://one.example/sector', 7])(
    'the address %j is refused',
    async (sector_identifier_uri) => {
      const faults = await refused({ redirect_uris: ['https://one.example/cb'], sector_identifier_uri })
      const expected = 'an https URL of a JSON array, without fragment'
      expect(faults).toEqual([{ field: 'sector_identifier_uri', given: sector_identifier_uri, expected }])
    },
  )

  test('a machine client has no people to know, and there is no third type', async () => {
    const keyed = { token_endpoint_auth_method: 'client_secret_basic' }
    expect(await refused(keyed, 'machine')).toEqual([
      {
        field: 'subject_type',
        given: 'pairwise',
        expected: 'public, or nothing: a machine client gets no tokens of people',
      },
    ])
    expect(await refused({ subject_type: 'private', redirect_uris: ['https://one.example/cb'] })).toEqual([
      { field: 'subject_type', given: 'private', expected: 'public or pairwise' },
    ])
  })

  test('the document is read again when the redirect URIs change, and not for other changes', async () => {
    const host = await keysHost([])
    host.answer.body = '["https://one.example/cb"]'
    const { client: own } = await registered('https://one.example/cb', { sector_identifier_uri: host.url })
    expect(host.asked).toBe(1)
    await admin.call('PATCH', `/clients/${own.id}`, { client_name: 'Renamed' })
    expect(host.asked).toBe(1)
    const change = { redirect_uris: ['https://one.example/cb', 'https://two.example/cb'] }
    expect(await admin.ask('PATCH', `/clients/${own.id}`, { body: change })).toMatchObject({
      status: 400,
      body: {
        errors: [{ field: 'sector_identifier_uri', expected: `${listed}it does not list https://two.example/cb` }],
      },
    })
    host.answer.body = JSON.stringify(change.redirect_uris)
    await admin.call('PATCH', `/clients/${own.id}`, change)
    expect(host.asked).toBe(3)
  })

  test('an id that looks like a pairwise subject is refused', async () => {
    const answer = await admin.ask('POST', '/clients', {
      body: { signet_profile: 'spa', client_id: 'pair-1', redirect_uris: ['https://one.example/cb'] },
    })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'client_id', given: 'pair-1' }] } })
  })
})
