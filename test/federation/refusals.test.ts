/** What a provider may not answer: each is refused, in words for the person and by its reason in the audit log. */
import type { ServerResponse } from 'node:http'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Administrator } from '../support/administrator.ts'
import type { App } from '../support/app.ts'
import { claimsOf, linkTo } from '../support/federated-world.ts'
import { type ForgedProvider, signedByAnother, signedBySecret, unsigned } from '../support/forged-provider.ts'
import { type Person, person, textOf, type Visit } from '../support/person.ts'
import type { Server } from '../support/server.ts'
import { type Begun, CLIENT_ID, type ForgedWorld, SECRET, startForgedWorld } from './forged-world.ts'

const PAGE = 'could not sign you in'

let world: ForgedWorld
let server: Server
let admin: Administrator
let app: App
let provider: ForgedProvider

beforeAll(async () => {
  world = await startForgedWorld()
  ;({ server, admin, app, provider } = world)
  await world.add('forged')
})

beforeEach(() => provider.reset())

const begin = (browser?: Person) => world.begin('forged', browser)

const callback = (browser: Person, answer: Record<string, string>) =>
  browser.visit(`/upstream/callback/forged?${new URLSearchParams(answer).toString()}`)

const reason = async () => {
  const [event] = await admin.audit('sign_in.failed')
  return String(event?.['reason'])
}

let people = 0
/** With what makes the answer right. */
function rightClaims({ nonce }: Begun): Record<string, unknown> {
  people += 1
  return { nonce, sub: `person-${people}`, email: `person-${people}@example.com`, email_verified: true }
}

async function isRefused(page: Visit, words: string): Promise<void> {
  expect([page.status, page.left, textOf(page.html).includes(PAGE)]).toEqual([403, undefined, true])
  expect(textOf(page.html)).toContain('Sign in another way')
  expect((await admin.audit('sign_in.failed'))[0]).toMatchObject({
    outcome: 'failure',
    client_id: world.client.id,
    detail: { method: 'federated', upstream: 'forged' },
  })
  expect(await reason()).toContain(words)
}

test('what is right signs the person in, with our authentication and the verifier of the challenge', async () => {
  const begun = await begin()
  provider.claims = { ...rightClaims(begun), amr: ['pwd', 'mfa', 'otp', 'user', 'hwk', 'face', 'a b'] }
  const page = await callback(begun.browser, { code: 'c', state: begun.state })
  expect(page.html).toContain('name="decision"')
  const request = provider.requests.at(-1)
  // RFC 6749 §2.3.1: each part form-urlencoded
  expect(decodeURIComponent(Buffer.from(String(request?.authorization?.slice(6)), 'base64').toString())).toBe(
    `${CLIENT_ID}:${SECRET}`,
  )
  expect(Object.fromEntries(request?.form ?? [])).toMatchObject({
    grant_type: 'authorization_code',
    code: 'c',
    redirect_uri: `${server.issuer}/upstream/callback/forged`,
    code_verifier: expect.stringMatching(/^[\w-]{43}$/) as string,
  })
  const claims = await claimsOf({ app }, begun.browser, begun.attempt, page)
  expect(claims).toMatchObject({ amr: ['fed', 'face'], acr: 'urn:signet:acr:password' })
  // V31: nothing that the provider says stands for a second factor here
  expect((await admin.audit('sign_in.succeeded'))[0]).toMatchObject({
    detail: { upstream: 'forged', upstream_amr: ['pwd', 'mfa', 'otp', 'user', 'hwk', 'face', 'a b'] },
  })
})

describe('an ID token', () => {
  const now = () => Math.floor(Date.now() / 1000)
  test.for<[string, (begun: Begun) => Record<string, unknown>, string]>([
    ['without a nonce', () => ({ nonce: undefined }), 'nonce'],
    ['with another nonce', () => ({ nonce: 'x'.repeat(43) }), 'nonce'],
    ['with an empty nonce', () => ({ nonce: '' }), 'nonce'],
    ['of another issuer', () => ({ iss: 'https://evil.example' }), 'iss'],
    ['without an issuer', () => ({ iss: undefined }), 'iss'],
    ['for another client', () => ({ aud: 'another-client' }), 'aud'],
    ['without an audience', () => ({ aud: undefined }), 'aud'],
    ['for several, authorized for another', () => ({ aud: [CLIENT_ID, 'another'], azp: 'another' }), 'azp'],
    ['for several, without authorized party', () => ({ aud: [CLIENT_ID, 'another'] }), 'aud'],
    ['that is over', () => ({ exp: now() - 60, iat: now() - 600 }), 'exp'],
    ['without an end', () => ({ exp: undefined }), 'exp'],
    ['without a subject', () => ({ sub: undefined }), 'sub'],
  ])('V41, ASVS 6.8.2: an ID token is refused %s', async ([, claims, words]) => {
    const begun = await begin()
    provider.claims = { ...rightClaims(begun), ...claims(begun) }
    await isRefused(await callback(begun.browser, { code: 'c', state: begun.state }), words)
  })

  test.for<[string, ForgedProvider['sign'], string]>([
    ['nobody signed it', unsigned, 'alg'],
    ['signed by another key', signedByAnother, 'signature'],
    ['signed with the client secret', (claims) => signedBySecret(claims, SECRET), 'alg'],
  ])('V41, ASVS 6.8.2: an ID token is refused for its signature: %s', async ([, sign, words]) => {
    const begun = await begin()
    provider.claims = rightClaims(begun)
    provider.sign = sign
    await isRefused(await callback(begun.browser, { code: 'c', state: begun.state }), words)
  })
})

describe('an answer', () => {
  test.for<[string, ForgedProvider['respond'], string]>([
    ['without an ID token', (response) => send(response, 200, { access_token: 'a', token_type: 'Bearer' }), 'id_token'],
    [
      'that is an error',
      (response) => send(response, 400, { error: 'invalid_grant' }),
      'the provider answered invalid_grant',
    ],
    ['that is a redirect', (response) => void response.writeHead(302, { location: '/elsewhere' }).end(), 'redirect'],
    [
      'that is no JSON',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      'content-type',
    ],
    ['that is far too long', (response) => send(response, 200, { much: 'x'.repeat(2_000_000) }), 'exceeded max size'],
  ])('an answer is refused %s', async ([, respond, words]) => {
    const begun = await begin()
    provider.respond = respond
    await isRefused(await callback(begun.browser, { code: 'c', state: begun.state }), words)
  })

  test('RFC 9207: an answer of another issuer, or without one where the provider says that it sends it, is refused', async () => {
    const wrong = await begin()
    provider.claims = rightClaims(wrong)
    await isRefused(
      await callback(wrong.browser, { code: 'c', state: wrong.state, iss: 'https://evil.example' }),
      'iss',
    )
    provider.metadata = { authorization_response_iss_parameter_supported: true }
    // read anew with the next version
    await admin.call('PATCH', '/upstreams/forged', { name: 'Forged' })
    const lacking = await begin()
    provider.claims = rightClaims(lacking)
    await isRefused(await callback(lacking.browser, { code: 'c', state: lacking.state }), 'iss')
    const right = await begin()
    provider.claims = rightClaims(right)
    const page = await callback(right.browser, { code: 'c', state: right.state, iss: provider.issuer })
    expect(page.html).toContain('name="decision"')
    provider.metadata = {}
    await admin.call('PATCH', '/upstreams/forged', { name: 'Forged' })
  })

  test('of a person who said no there is told in other words', async () => {
    const begun = await begin()
    const page = await callback(begun.browser, { error: 'access_denied', state: begun.state })
    expect([page.status, textOf(page.html).includes('You did not sign in with Forged')]).toEqual([200, true])
    expect(await reason()).toBe('the provider answered access_denied')
  })
})

describe('a state', () => {
  test('V32: a state is good once', async () => {
    const begun = await begin()
    provider.claims = { ...rightClaims(begun), nonce: 'wrong' }
    const answer = { code: 'c', state: begun.state }
    await callback(begun.browser, answer)
    provider.claims = rightClaims(begun)
    const again = await callback(begun.browser, answer)
    expect([again.status, again.left]).toEqual([404, undefined])
    expect(await reason()).toBe('the state was spent, is too old or is not for this page')
  })

  test('V32: a state is good for the browser that began, and for no other', async () => {
    const begun = await begin()
    provider.claims = rightClaims(begun)
    const answer = { code: 'c', state: begun.state }
    const thief = person(() => server)
    expect([(await callback(thief, answer)).status, (await callback(thief, answer)).left]).toEqual([403, undefined])
    // an interaction of their own does not help
    const other = await begin(thief)
    const path = `${new URL(other.page.url).pathname}/upstream?${new URLSearchParams(answer).toString()}`
    expect((await thief.visit(path)).status).toBe(403)
    expect(await reason()).toBe('the state was spent, is too old or is not for this page')
    expect((await callback(begun.browser, answer)).html).toContain('name="decision"')
  })

  test('V32: no value of another kind is a state', async () => {
    const begun = await begin()
    const uid = new URL(begun.page.url).pathname.split('/').at(-1) as string
    const csrf = /name="csrf" value="([^"]+)"/.exec(begun.page.html)?.[1] as string
    for (const state of [uid, csrf, begun.nonce, '', 'x'.repeat(3000)]) {
      const page = await callback(begun.browser, { code: 'c', state })
      expect([state.slice(0, 50), page.status]).toEqual([state.slice(0, 50), 404])
      expect(await reason()).toBe('the state was spent, is too old or is not for this page')
    }
  })
})

test('a provider that cannot be asked, or is not who it says, is told to the person before they leave', async () => {
  const metadata = { issuer: 'https://evil.example' }
  for (const [id, issuer] of [
    ['absent', 'http://127.0.0.1:9'],
    ['another', provider.issuer],
  ] as const) {
    provider.metadata = id === 'another' ? metadata : {}
    await admin.call('POST', '/upstreams', { id, name: id, issuer, client_id: 'x' })
    const browser = person(() => server)
    const page = await browser.visit(app.begin({ ui_locales: 'en' }).url)
    const answer = await browser.visit(linkTo(page, id))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30'])
    expect(textOf(answer.html)).toContain(`${id} does not answer`)
  }
})

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
