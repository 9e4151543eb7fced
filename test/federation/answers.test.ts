/** How answers of providers come, what they may lack, and what the person is told of those that are errors. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Administrator } from '../support/administrator.ts'
import type { App } from '../support/app.ts'
import { claimsOf } from '../support/federated-world.ts'
import type { ForgedProvider } from '../support/forged-provider.ts'
import { person, textOf, type Visit } from '../support/person.ts'
import type { Server } from '../support/server.ts'
import { type Begun, type ForgedWorld, startForgedWorld } from './forged-world.ts'

let world: ForgedWorld
let server: Server
let admin: Administrator
let app: App
let provider: ForgedProvider

beforeAll(async () => {
  world = await startForgedWorld()
  ;({ server, admin, app, provider } = world)
  provider.metadata = { userinfo_endpoint: `${provider.issuer}/userinfo` }
  await world.add('plain')
  await world.add('trusted', { trust_email: true })
  await world.add('posting', { response_mode: 'form_post' })
})

beforeEach(() => provider.reset())

const answerOf = ({ state }: Begun, also: Record<string, string> = { code: 'c' }) =>
  new URLSearchParams({ ...also, state })

/** The way there and back, with the claims of the ID token. */
async function arrive(id: string, claims: Record<string, unknown>): Promise<Begun & { page: Visit }> {
  const begun = await world.begin(id)
  provider.claims = { nonce: begun.nonce, ...claims }
  const page = await begun.browser.visit(`/upstream/callback/${id}?${answerOf(begun).toString()}`)
  return { ...begun, page }
}

const newest = async (type: string) => (await admin.audit(type))[0]

const userinfo = (body: Record<string, unknown>) => {
  provider.userinfo = (response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

describe('userinfo', () => {
  test('is asked about a person who is new here, and its failure is told', async () => {
    userinfo({ sub: 'ada', email: 'ada@example.com', email_verified: true })
    const { browser, attempt, page } = await arrive('plain', { sub: 'ada' })
    const { sub } = await claimsOf({ app }, browser, attempt, page)
    expect(await admin.call('GET', `/accounts/${String(sub)}`)).toMatchObject({ email: 'ada@example.com' })
    provider.userinfo = undefined
    const failed = await arrive('plain', { sub: 'grace' })
    expect([failed.page.status, textOf(failed.page.html).includes('could not sign you in')]).toEqual([403, true])
    expect(await newest('sign_in.failed')).toMatchObject({ detail: { method: 'federated', upstream: 'plain' } })
  })

  test('of another person is refused', async () => {
    userinfo({ sub: 'somebody-else', email: 'else@example.com', email_verified: true })
    const { page } = await arrive('plain', { sub: 'hedy' })
    expect(page.status).toBe(403)
  })

  test('fails without keeping out a person who is linked', async () => {
    userinfo({ sub: 'edsger', email: 'edsger@example.com', email_verified: true })
    const first = await arrive('plain', { sub: 'edsger' })
    const { sub } = await claimsOf({ app }, first.browser, first.attempt, first.page)
    provider.userinfo = undefined
    const { browser, attempt, page } = await arrive('plain', { sub: 'edsger' })
    expect(await claimsOf({ app }, browser, attempt, page)).toMatchObject({ sub, amr: ['fed'] })
  })
})

describe('an error of the provider is told as what it is', () => {
  test.each([
    ['temporarily_unavailable', 503, 'Forged plain does not answer'],
    ['server_error', 503, 'Forged plain does not answer'],
    ['login_required', 200, 'Forged plain did not sign you in'],
    ['interaction_required', 200, 'Forged plain did not sign you in'],
    ['access_denied', 200, 'You did not sign in with Forged plain'],
    ['invalid_scope', 403, 'Forged plain could not sign you in'],
  ])('%s', async (error, status, words) => {
    const begun = await world.begin('plain')
    const page = await begun.browser.visit(`/upstream/callback/plain?${answerOf(begun, { error }).toString()}`)
    expect([page.status, textOf(page.html).includes(words)]).toEqual([status, true])
    expect(await newest('sign_in.failed')).toMatchObject({ reason: `the provider answered ${error}` })
  })

  test.each([
    ['temporarily_unavailable', 503, 'does not answer at this moment'],
    ['login_required', 200, 'needs you to sign in there first'],
  ])('also to a person who links it: %s', async (error, status, words) => {
    const email = `links-${error}@example.com`
    await admin.account(email, 'plum orchid canyon lattice')
    const browser = person(() => server)
    await browser.submit(await browser.visit('/account'), { identifier: email, password: 'plum orchid canyon lattice' })
    const page = await browser.visit('/account/linked')
    const leading = await browser.submit(page, {}, { name: 'link', value: 'plain' })
    const there = new URL(String(leading.headers.get('refresh')).replace('0; url=', ''))
    const answer = new URLSearchParams({ error, state: there.searchParams.get('state') ?? '' })
    const back = await browser.visit(`/upstream/callback/plain?${answer.toString()}`)
    expect([back.status, textOf(back.html).includes(words)]).toEqual([status, true])
    expect(await newest('account.linked')).toMatchObject({
      outcome: 'failure',
      reason: `the provider answered ${error}`,
      detail: { upstream: 'plain' },
    })
  })
})

describe('an address of which the provider does not say whether it is verified', () => {
  test('counts where the provider is trusted for its addresses', async () => {
    userinfo({ sub: 't1' })
    const { browser, attempt, page } = await arrive('trusted', { sub: 't1', email: 't1@example.com', name: 'T' })
    const { sub } = await claimsOf({ app }, browser, attempt, page)
    expect(await admin.call('GET', `/accounts/${String(sub)}`)).toMatchObject({
      email: 't1@example.com',
      email_verified: true,
    })
  })

  test.each([
    ['plain', 'does not count elsewhere', {}],
    ['trusted', 'does not count where the provider says that it is not', { email_verified: false }],
  ])('%s: %s', async (id, _, also) => {
    userinfo({ sub: `u-${id}` })
    const { page } = await arrive(id, { sub: `u-${id}`, email: `u-${id}@example.com`, name: 'U', ...also })
    expect([page.status, textOf(page.html).includes('Your e-mail address is not confirmed')]).toEqual([403, true])
    expect(await newest('sign_in.failed')).toMatchObject({
      reason: expect.stringContaining('has not verified an address') as string,
    })
  })
})

describe('an answer that comes as a form', () => {
  /** The provider's page sends it: the browser leaves out our cookies. */
  const post = (path: string, form: URLSearchParams) =>
    server.fetch(path, {
      method: 'POST',
      redirect: 'manual',
      body: form,
      headers: { origin: provider.issuer, 'sec-fetch-site': 'cross-site' },
    })

  test('is asked for where the provider needs it, and led on to a page that compares the cookie', async () => {
    const begun = await world.begin('posting')
    expect(begun.request.get('response_mode')).toBe('form_post')
    provider.claims = {
      nonce: begun.nonce,
      sub: 'apple',
      email: 'apple@example.com',
      email_verified: 'true',
      name: 'A',
    }
    const form = answerOf(begun)
    form.set('user', '{"name":{"firstName":"Ada"}}')
    const response = await post('/upstream/callback/posting', form)
    const location = response.headers.get('location') ?? ''
    expect([response.status, response.headers.getSetCookie(), response.headers.get('cache-control')]).toEqual([
      303,
      [],
      'no-store',
    ])
    expect(location).toBe(`/upstream/callback/posting?${answerOf(begun).toString()}`)
    // a browser that did not begin brings no cookie
    expect((await person(() => server).visit(location)).status).toBe(403)
    const { browser, attempt } = begun
    const page = await browser.visit(location)
    expect(await claimsOf({ app }, browser, attempt, page)).toMatchObject({ amr: ['fed'] })
  })

  test('is asked for nowhere else', async () => {
    expect((await world.begin('plain')).request.has('response_mode')).toBe(false)
  })

  test('is no form of another kind, and too large a one is refused', async () => {
    const json = await server.fetch('/upstream/callback/posting', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    const large = await post('/upstream/callback/posting', new URLSearchParams({ code: 'x'.repeat(70_000) }))
    expect([json.status, large.status]).toEqual([415, 413])
  })
})

describe('RFC 9700 §4.4: the redirect URI', () => {
  test('of a new provider is its own, and its answers count nowhere else', async () => {
    const begun = await world.begin('plain')
    expect(begun.request.get('redirect_uri')).toBe(`${server.issuer}/upstream/callback/plain`)
    provider.claims = {
      nonce: begun.nonce,
      sub: 'mix',
      email: 'mix@example.com',
      email_verified: true,
      name: 'M',
    }
    for (const path of ['/upstream/callback/trusted', '/upstream/callback', '/upstream/callback/nobody']) {
      const page = await begun.browser.visit(`${path}?${answerOf(begun).toString()}`)
      expect([path, page.status]).toEqual([path, 404])
      expect(await newest('sign_in.failed')).toMatchObject({
        reason: 'the state was spent, is too old or is not for this page',
      })
    }
    const page = await begun.browser.visit(`/upstream/callback/plain?${answerOf(begun).toString()}`)
    expect(page.html).toContain('name="decision"')
    expect(provider.requests.at(-1)?.form.get('redirect_uri')).toBe(`${server.issuer}/upstream/callback/plain`)
  })

  test('of a provider that shares one stays the shared one until an administrator changes that', async () => {
    await world.add('shared', { own_redirect_uri: false })
    expect(await admin.call('GET', '/upstreams/shared')).toMatchObject({
      own_redirect_uri: false,
      redirect_uri: `${server.issuer}/upstream/callback`,
    })
    const begun = await world.begin('shared')
    expect(begun.request.get('redirect_uri')).toBe(`${server.issuer}/upstream/callback`)
    provider.claims = {
      nonce: begun.nonce,
      sub: 'sh',
      email: 'sh@example.com',
      email_verified: true,
      name: 'S',
    }
    const elsewhere = await begun.browser.visit(`/upstream/callback/shared?${answerOf(begun).toString()}`)
    expect(elsewhere.status).toBe(404)
    const page = await begun.browser.visit(`/upstream/callback?${answerOf(begun).toString()}`)
    expect(page.html).toContain('name="decision"')
    await admin.call('PATCH', '/upstreams/shared', { own_redirect_uri: true })
    expect((await world.begin('shared')).request.get('redirect_uri')).toBe(`${server.issuer}/upstream/callback/shared`)
  })
})
