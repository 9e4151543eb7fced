/** GitHub: OAuth without ID tokens. Its API says who the person is, and nothing says when they signed in. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { claimsOf } from '../support/federated-world.ts'
import { person, textOf } from '../support/person.ts'
import { type Reply, verifierFault } from '../support/forged-hosts.ts'
import type { Begun } from './forged-world.ts'
import { OUR_ID, OUR_SECRET, type PresetWorld, startPresetWorld } from './preset-world.ts'

const TOKEN = 'gho_forged'
const HOME = 'https://github.com/login/oauth'

let world: PresetWorld
/** What GitHub answers. */
let user: Reply
let emails: Reply
let token: Reply | undefined
let challenge: string

/** Forges GitHub: its token endpoint, and its API, which wants the token that was issued. */
function forge(base: string, api: string): void {
  const { hosts } = world
  hosts.answer(`${base}/access_token`, ({ form, headers }) => {
    if (headers.accept !== 'application/json') return { status: 406, body: {} }
    const isUs = form.get('client_id') === OUR_ID && form.get('client_secret') === OUR_SECRET
    if (!isUs) return { body: { error: 'incorrect_client_credentials' } }
    return verifierFault(form, challenge) ?? token ?? { body: { access_token: TOKEN, token_type: 'bearer', scope: '' } }
  })
  for (const [path, reply] of [
    ['/user', () => user],
    ['/user/emails', () => emails],
  ] as const) {
    hosts.answer(api + path, ({ headers }) =>
      headers.authorization === `Bearer ${TOKEN}` && headers['user-agent'] ? reply() : { status: 401, body: {} },
    )
  }
}

beforeAll(async () => {
  world = await startPresetWorld()
  forge(HOME, 'https://api.github.com')
  await world.add('github', { client_secret: OUR_SECRET })
})

beforeEach(() => {
  token = undefined
  user = { body: { id: 583_231, login: 'octocat', name: 'Mona Lisa', email: 'public@example.com' } }
  emails = {
    body: [
      { email: 'other@example.com', primary: false, verified: true },
      { email: 'mona@example.com', primary: true, verified: true },
    ],
  }
})

async function begin(params: Record<string, string> = {}, id = 'github'): Promise<Begun> {
  const begun = await world.begin(id, params)
  challenge = begun.request.get('code_challenge') ?? ''
  return begun
}

const pathsAsked = () => world.hosts.asked.map(({ url }) => url)

describe('a request', () => {
  test('has state and PKCE, and no nonce: there is no ID token to hold it', async () => {
    const { url, request } = await begin()
    expect(url.href.split('?')[0]).toBe(`${HOME}/authorize`)
    expect(Object.fromEntries(request)).toEqual({
      client_id: OUR_ID,
      response_type: 'code',
      redirect_uri: `${world.server.issuer}/upstream/callback/github`,
      scope: 'read:user user:email',
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge_method: 'S256',
    })
  })
})

describe('a person', () => {
  test('is known by the id, and has the address that is primary and verified', async () => {
    const begun = await begin()
    const account = await world.accountOf(begun, await world.back(begun, { code: 'c', iss: HOME }))
    expect(account).toMatchObject({ email: 'mona@example.com', email_verified: true, name: 'Mona Lisa' })
    expect(await world.newest('account.linked')).toMatchObject({ detail: { upstream: 'github', just_in_time: true } })
  })

  test('who is linked stays the same under another login and address, which is not asked for', async () => {
    const first = await begin()
    const { sub } = await world.accountOf(first, await world.back(first))
    user = { body: { id: 583_231, login: 'renamed', name: null } }
    emails = { status: 500, body: {} }
    const before = pathsAsked().filter((url) => url.endsWith('/user/emails')).length
    const second = await begin()
    expect(await world.accountOf(second, await world.back(second))).toMatchObject({ sub, email: 'mona@example.com' })
    expect(pathsAsked().filter((url) => url.endsWith('/user/emails'))).toHaveLength(before)
  })

  test('who takes over a login that was given up is another person', async () => {
    const first = await begin()
    const { sub } = await world.accountOf(first, await world.back(first))
    user = { body: { id: 99, login: 'octocat', name: 'Somebody Else' } }
    emails = { body: [{ email: 'else@example.com', primary: true, verified: true }] }
    const other = await begin()
    const account = await world.accountOf(other, await world.back(other))
    expect(account).toMatchObject({ email: 'else@example.com' })
    expect(account['sub']).not.toBe(sub)
  })

  test.each<[string, unknown]>([
    ['none is verified', [{ email: 'new@example.com', primary: true, verified: false }]],
    ['only one that is not primary is', [{ email: 'new@example.com', primary: false, verified: true }]],
    ['the public one of the profile', []],
    ['the answer is no list', { email: 'new@example.com', primary: true, verified: true }],
    ['the list is odd', [null, 'new@example.com', { primary: true, verified: true }]],
  ])('has no address that counts: %s', async (_, body) => {
    user = { body: { id: 1234, login: 'new', email: 'new@example.com' } }
    emails = { body }
    const page = await world.back(await begin())
    expect([page.status, textOf(page.html).includes('Your e-mail address is not confirmed')]).toEqual([403, true])
    expect(await world.newest('sign_in.failed')).toMatchObject({
      reason: 'no account is linked to this person, and the provider has not verified an address of theirs',
      detail: { method: 'federated', upstream: 'github' },
    })
  })
})

describe('an answer is refused', () => {
  test.each<[string, () => void, string]>([
    [
      'whose code GitHub does not know, told with status 200',
      () => (token = { body: { error: 'bad_verification_code' } }),
      'the provider answered bad_verification_code',
    ],
    ['without an access token', () => (token = { body: { token_type: 'bearer' } }), 'access_token'],
    ['when the API refuses the token', () => (user = { status: 401, body: {} }), '/user was answered with 401'],
    ['when the API fails', () => (user = { status: 502, body: {} }), '/user was answered with 502'],
    ['without an id', () => (user = { body: { login: 'octocat' } }), 'who the person is'],
    ['with an id that is no number', () => (user = { body: { id: '583231', login: 'octocat' } }), 'who the person is'],
    ['with nobody', () => (user = { body: null }), 'who the person is'],
    [
      'of somebody new whose addresses cannot be read',
      () => {
        user = { body: { id: 4321, login: 'shy' } }
        emails = { status: 404, body: {} }
      },
      '/user/emails was answered with 404',
    ],
  ])('%s', async (_, change, reason) => {
    change()
    const page = await world.back(await begin())
    expect([page.status, textOf(page.html).includes('GitHub could not sign you in')]).toEqual([403, true])
    expect(await world.newest('sign_in.failed')).toMatchObject({
      outcome: 'failure',
      reason: expect.stringContaining(reason) as string,
      detail: { method: 'federated', upstream: 'github' },
    })
  })

  test('that is not for the PKCE challenge of its request', async () => {
    const begun = await begin()
    challenge = 'another'
    expect((await world.back(begun)).status).toBe(403)
    expect(await world.newest('sign_in.failed')).toMatchObject({ reason: 'the provider answered invalid_grant' })
  })

  test('RFC 9207: that another issuer sent', async () => {
    const begun = await begin()
    expect((await world.back(begun, { code: 'c', iss: 'https://evil.example' })).status).toBe(403)
    expect(await world.newest('sign_in.failed')).toMatchObject({ reason: expect.stringContaining('iss') as string })
  })

  test('a second time, and in another browser', async () => {
    const begun = await begin()
    const thief = person(() => world.server)
    expect((await world.back({ ...begun, browser: thief })).status).toBe(403)
    await world.back(begun)
    expect((await world.back(begun)).status).toBe(404)
    expect(await world.newest('sign_in.failed')).toMatchObject({
      reason: 'the state was spent, is too old or is not for this page',
    })
  })
})

test('ASVS 6.8.4: it proves who, not that they are here now: their password is asked for besides', async () => {
  const email = 'recent@example.com'
  const sub = await world.admin.account(email, PASSWORD)
  user = { body: { id: 777, login: 'recent' } }
  emails = { body: [{ email, primary: true, verified: true }] }
  const first = await begin()
  const offer = await world.back(first)
  const question = await first.browser.visit(new URL(offer.url).pathname.replace(/\/upstream$/, ''))
  await first.browser.submit(question, { identifier: email, password: PASSWORD })
  const again = await begin({ prompt: 'login' })
  expect([again.request.get('prompt'), again.request.get('max_age')]).toEqual(['select_account', null])
  const page = await world.back(again)
  expect([page.left, page.html.includes('name="password"')]).toEqual([undefined, true])
  const done = await again.browser.submit(page, { identifier: email, password: PASSWORD })
  expect(await claimsOf(world, again.browser, again.attempt, done)).toMatchObject({ sub, amr: ['fed', 'pwd'] })
})

test('a person who is signed in links it from their own page, whatever address it has for them', async () => {
  const email = 'own@example.com'
  const sub = await world.admin.account(email, PASSWORD)
  user = { body: { id: 888, login: 'own' } }
  emails = { body: [] }
  const browser = person(() => world.server)
  await browser.submit(await browser.visit('/account'), { identifier: email, password: PASSWORD })
  const leading = await browser.submit(await browser.visit('/account/linked'), {}, { name: 'link', value: 'github' })
  const url = new URL(String(leading.headers.get('refresh')).replace('0; url=', ''))
  challenge = url.searchParams.get('code_challenge') ?? ''
  const answer = new URLSearchParams({ code: 'c', iss: HOME, state: url.searchParams.get('state') ?? '' })
  const linked = await browser.visit(`/upstream/callback/github?${answer.toString()}`)
  expect(textOf(linked.html)).toContain('That provider is linked.')
  expect(await world.newest('account.linked')).toMatchObject({ account_id: sub, detail: { upstream: 'github' } })
  const begun = await begin()
  expect(await world.accountOf(begun, await world.back(begun))).toMatchObject({ sub, email })
})

test.each([
  ["a server of one's own", 'https://github.example.com', 'https://github.example.com/api/v3'],
  ['ghe.com', 'https://acme.ghe.com/', 'https://api.acme.ghe.com'],
])('GitHub Enterprise, %s, has its own URLs', async (_, base, api) => {
  const id = new URL(base).hostname.replaceAll('.', '-')
  const issuer = `${base.replace(/\/$/, '')}/login/oauth`
  forge(issuer, api)
  await world.add('github', { id, client_secret: OUR_SECRET, preset_values: { base_url: base } })
  user = { body: { id: 31, login: 'ada' } }
  emails = { body: [{ email: `${id}@example.com`, primary: true, verified: true }] }
  const begun = await begin({}, id)
  expect(begun.url.href.split('?')[0]).toBe(`${issuer}/authorize`)
  expect(await world.accountOf(begun, await world.back(begun))).toMatchObject({ email: `${id}@example.com` })
})
