/** Apple: the answer comes as a form, with the name once, and the client secret is signed for each request. */
import type { KeyObject } from 'node:crypto'
import { jwtVerify } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { claimsOf } from '../support/federated-world.ts'
import { textOf, type Visit } from '../support/person.ts'
import { applePrivateKey, forgedIssuer, type ForgedIssuer, type Reply } from '../support/forged-hosts.ts'
import type { Begun } from './forged-world.ts'
import { OUR_ID, type PresetWorld, startPresetWorld } from './preset-world.ts'

const APPLE = 'https://appleid.apple.com'
const VALUES = { team_id: 'TEAM567890', key_id: 'KEY4567890' }
const NAME = { name: { firstName: 'Ada', lastName: 'Lovelace' } }

const first = applePrivateKey()
let world: PresetWorld
let apple: ForgedIssuer
/** The keys that Apple knows, by their ids. */
let keys: Record<string, KeyObject>
let secrets: string[]

beforeAll(async () => {
  world = await startPresetWorld()
  apple = await forgedIssuer(world.hosts, { base: APPLE, clientId: OUR_ID })
  await world.add('apple', { preset_values: VALUES, private_key: first.pem })
})

beforeEach(() => {
  keys = { [VALUES.key_id]: first.publicKey }
  secrets = []
  apple.refuse = (form) => {
    secrets.push(form.get('client_secret') ?? '')
    return form.get('client_id') === OUR_ID ? undefined : { status: 400, body: { error: 'invalid_client' } }
  }
})

async function begin(params: Record<string, string> = {}): Promise<Begun> {
  const begun = await world.begin('apple', params)
  apple.challenge = begun.request.get('code_challenge') ?? ''
  return begun
}

/** Apple's page posts the form; the browser leaves out our cookies, and follows the redirect with them. */
async function post({ state }: Begun, also: Record<string, string>): Promise<string> {
  const response = await world.server.fetch('/upstream/callback/apple', {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ state, ...also }),
    headers: { origin: APPLE, 'sec-fetch-site': 'cross-site' },
  })
  expect([response.status, response.headers.getSetCookie()]).toEqual([303, []])
  return response.headers.get('location') ?? ''
}

/** Signs in as `sub`, and gives the page that follows. `user` is what Apple posts with the first answer. */
async function arrive(
  sub: string,
  user?: unknown,
  claims: Record<string, unknown> = {},
): Promise<{ begun: Begun; page: Visit }> {
  const begun = await begin()
  apple.claims = { nonce: begun.nonce, sub, email: `${sub}@example.com`, email_verified: 'true', ...claims }
  const posted = user === undefined ? {} : { user: typeof user === 'string' ? user : JSON.stringify(user) }
  return { begun, page: await begun.browser.visit(await post(begun, { code: 'c', ...posted })) }
}

test('asks for name and address, which Apple gives only as a form', async () => {
  const { url, request, nonce } = await begin()
  expect(url.href.split('?')[0]).toBe(`${APPLE}/authorize`)
  expect(Object.fromEntries(request)).toMatchObject({
    response_mode: 'form_post',
    scope: 'openid name email',
    code_challenge_method: 'S256',
  })
  expect(nonce).toMatch(/^[\w-]{43}$/)
  const again = await begin({ prompt: 'login' })
  expect([again.request.get('prompt'), again.request.get('max_age')]).toEqual([null, null])
})

describe('the client secret', () => {
  test('is signed for each request with the key of the administrator', async () => {
    for (const sub of ['signed-1', 'signed-2']) await arrive(sub)
    expect(new Set(secrets).size).toBe(2)
    for (const secret of secrets) {
      const { payload, protectedHeader } = await jwtVerify(secret, first.publicKey, {
        issuer: VALUES.team_id,
        subject: OUR_ID,
        audience: APPLE,
      })
      expect(protectedHeader).toEqual({ alg: 'ES256', kid: VALUES.key_id })
      expect(Number(payload.exp) - Number(payload.iat)).toBe(300)
      expect(Math.abs(Number(payload.iat) - Date.now() / 1000)).toBeLessThan(60)
    }
  })

  test('is signed with the new key once the administrator gives one, and the old one never leaves', async () => {
    const second = applePrivateKey()
    const changed = await world.admin.call('PATCH', '/upstreams/apple', {
      preset_values: { ...VALUES, key_id: 'NEWKEY7890' },
      private_key: second.pem,
    })
    expect(changed).toMatchObject({ preset_values: { ...VALUES, key_id: 'NEWKEY7890' } })
    await arrive('rotated')
    const { protectedHeader } = await jwtVerify(secrets[0] as string, second.publicKey)
    expect(protectedHeader.kid).toBe('NEWKEY7890')
    const shown = JSON.stringify([
      changed,
      await world.admin.call('GET', '/upstreams/apple'),
      await world.admin.audit('upstream.updated'),
    ])
    expect(shown).not.toContain('PRIVATE KEY')
    expect(shown).not.toContain(second.pem.split('\n')[1])
    await world.admin.call('PATCH', '/upstreams/apple', { preset_values: VALUES, private_key: first.pem })
  })

  test('that Apple does not accept keeps the person out, with the reason in the audit log', async () => {
    keys = {}
    apple.refuse = refusalOfUnknownKey
    const { page } = await arrive('refused')
    expect([page.status, textOf(page.html).includes('Apple could not sign you in')]).toEqual([403, true])
    expect(await world.newest('sign_in.failed')).toMatchObject({
      reason: 'the provider answered invalid_client',
      detail: { method: 'federated', upstream: 'apple' },
    })
  })
})

function refusalOfUnknownKey(form: URLSearchParams): Reply | undefined {
  const [header = ''] = (form.get('client_secret') ?? '').split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }
  return kid in keys ? undefined : { status: 400, body: { error: 'invalid_client' } }
}

describe('the name', () => {
  test('comes with the first form, and goes on to the next page without being readable in the address', async () => {
    const begun = await begin()
    apple.claims = { nonce: begun.nonce, sub: 'named', email: 'named@example.com', email_verified: true }
    const location = await post(begun, { code: 'c', user: JSON.stringify({ ...NAME, email: 'other@example.com' }) })
    expect(decodeURIComponent(location)).not.toMatch(/Ada|Lovelace|other/)
    const page = await begun.browser.visit(location)
    expect(await world.accountOf(begun, page)).toMatchObject({
      email: 'named@example.com',
      name: 'Ada Lovelace',
      given_name: 'Ada',
      family_name: 'Lovelace',
    })
  })

  test('of a later form changes nothing', async () => {
    const { begun, page } = await arrive('later', NAME)
    const { sub } = await world.accountOf(begun, page)
    const again = await arrive('later', { name: { firstName: 'Eve' } })
    expect(await world.accountOf(again.begun, again.page)).toMatchObject({ sub, name: 'Ada Lovelace' })
  })

  test('of another answer is ignored', async () => {
    const other = await begin()
    const sealed = new URL(await post(other, { code: 'c', user: JSON.stringify(NAME) }), APPLE).searchParams.get('user')
    const begun = await begin()
    apple.claims = { nonce: begun.nonce, sub: 'moved', email: 'moved@example.com', email_verified: true }
    const page = await world.back(begun, { code: 'c', user: String(sealed) })
    expect(await world.accountOf(begun, page)).toMatchObject({ name: null })
  })

  test.each<[string, unknown]>([
    ['no JSON', 'Ada'],
    ['null', 'null'],
    ['no name in it', { email: 'x@example.com' }],
    ['a name that is a text', { name: 'Ada' }],
    ['a name that is null', { name: null }],
    ['parts that are no texts', { name: { firstName: 1, lastName: ['x'] } }],
    ['empty parts', { name: { firstName: ' ', lastName: '' } }],
    ['a part that reorders the text around it', { name: { firstName: '\u202EAda' } }],
    ['a part that is too long', { name: { firstName: 'A'.repeat(100) } }],
    ['far too much', { name: { firstName: 'Ada' }, more: 'x'.repeat(5000) }],
  ])('that is none keeps nobody out: %s', async (what, user) => {
    const { begun, page } = await arrive(`unnamed-${what.replaceAll(' ', '-')}`, user)
    expect(await world.accountOf(begun, page)).toMatchObject({ name: null })
  })

  test('in a sealed value that was made up keeps nobody out', async () => {
    const begun = await begin()
    apple.claims = { nonce: begun.nonce, sub: 'made-up', email: 'made-up@example.com', email_verified: true }
    const page = await world.back(begun, { code: 'c', user: 'bm90IHNlYWxlZA' })
    expect(await world.accountOf(begun, page)).toMatchObject({ name: null })
  })
})

test('whoever cancels at Apple is told that they did not sign in', async () => {
  const begun = await begin()
  const page = await begun.browser.visit(await post(begun, { error: 'user_cancelled_authorize' }))
  expect([page.status, textOf(page.html).includes('You did not sign in with Apple')]).toEqual([200, true])
  expect(await world.newest('sign_in.failed')).toMatchObject({
    reason: 'the provider answered user_cancelled_authorize',
    detail: { upstream: 'apple' },
  })
})

test('a sign-in that Apple dates by now counts as recent', async () => {
  const { begun, page } = await arrive('dated')
  await claimsOf(world, begun.browser, begun.attempt, page)
  const again = await begin({ prompt: 'login' })
  apple.claims = { nonce: again.nonce, sub: 'dated', auth_time: Math.floor(Date.now() / 1000) }
  const done = await again.browser.visit(await post(again, { code: 'c' }))
  expect(done.left?.searchParams.has('code') || /name="decision"/.test(done.html)).toBe(true)
})
