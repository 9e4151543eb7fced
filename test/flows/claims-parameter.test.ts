/** The `claims` parameter (OpenID Connect Core §5.5): single claims, one person, and what cannot be used. */
import { beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../support/app.ts'
import {
  ADDRESS,
  ALLOW,
  asking,
  CALLBACK,
  claimsOf,
  type ClaimsWorld,
  PHONE,
  startClaimsWorld,
} from '../support/claims-world.ts'
import { answerOf, textOf, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'

let world: ClaimsWorld

beforeAll(async () => {
  world = await startClaimsWorld()
})

describe('single claims', () => {
  const claims = { id_token: { email: null }, userinfo: { phone_number: { essential: true }, address: null } }

  test('go where they are asked for, after consent to the scopes that they belong to, and stay after a refresh', async () => {
    const who = await world.somebody()
    const browser = world.browser()
    const { page, verifier } = await world.signIn(browser, who, asking(claims, { scope: 'openid offline_access' }))
    for (const words of ['See your e-mail address', 'See your phone number', 'See your postal address']) {
      expect(textOf(page.html)).toContain(words)
    }
    expect(textOf(page.html)).not.toContain('See your name')
    const body = await world.redeemed((await browser.submit(page, {}, ALLOW)).left, verifier)
    const refreshed = (await world.app.refresh(String(body['refresh_token']))).body
    for (const { id_token: idToken, access_token: accessToken, scope } of [body, refreshed]) {
      expect(scope).toBe('openid offline_access')
      expect(claimsOf(idToken)).toMatchObject({ email: who.email })
      expect(claimsOf(idToken)).not.toHaveProperty('phone_number')
      const own = { sub: who.sub, phone_number: PHONE, address: ADDRESS }
      expect(await world.userinfo(accessToken)).toEqual(own)
    }
    // the same request is not asked again, and the next one without claims gets none
    const again = await world.silently(browser, asking(claims))
    expect(again.answer).toHaveProperty('code')
    const plain = await world.silently(browser, {})
    expect(await world.userinfo((await world.redeemed(plain.left, plain.verifier))['access_token'])).toEqual({
      sub: who.sub,
    })
  })

  test('that a person leaves out are not given, and that is no error, also for essential ones', async () => {
    const browser = world.browser()
    const { page, verifier } = await world.signIn(browser, await world.somebody(), asking(claims))
    const left = (await browser.submit(page, {}, ALLOW, { unticked: ['phone'] })).left
    const body = await world.redeemed(left, verifier)
    expect(Object.keys(await world.userinfo(body['access_token'])).toSorted()).toEqual(['address', 'sub'])
    const again = await world.silently(browser, asking(claims))
    const { access_token: accessToken } = await world.redeemed(again.left, again.verifier)
    expect(Object.keys(await world.userinfo(accessToken)).toSorted()).toEqual(['address', 'sub'])
  })

  test('are ignored where nobody knows them, or their scope is not registered for the client', async () => {
    const narrow = createApp(
      world.server,
      await world.admin.client('web', { redirect_uris: [CALLBACK], scope: 'openid' }),
      CALLBACK,
    )
    const browser = world.browser()
    const asked = { userinfo: { email: { essential: true }, shoe_size: null, auth_time: null } }
    const { page, verifier } = await world.signIn(browser, await world.somebody(), asking(asked), narrow)
    expect(textOf(page.html)).not.toContain('e-mail address')
    const { left } = await browser.submit(page, {}, ALLOW)
    const { access_token: accessToken } = await world.redeemed(left, verifier, narrow)
    expect(Object.keys(await world.userinfo(accessToken))).toEqual(['sub'])
  })

  test('of a client with minimal ID tokens come with those that it asks for', async () => {
    const members = { redirect_uris: [CALLBACK], signet_id_token_claims: 'minimal' }
    const minimal = createApp(world.server, await world.admin.client('web', members), CALLBACK)
    const browser = world.browser()
    const who = await world.somebody()
    const params = asking({ id_token: { email: null } }, { scope: 'openid profile' })
    const { page, verifier } = await world.signIn(browser, who, params, minimal)
    const { id_token: idToken } = await world.redeemed((await browser.submit(page, {}, ALLOW)).left, verifier, minimal)
    expect(claimsOf(idToken)).toMatchObject({ email: who.email })
    expect(claimsOf(idToken)).not.toHaveProperty('name')
  })
})

describe('sub', () => {
  const forms = (sub: string) => [
    { id_token: { sub: { value: sub } } },
    { id_token: { sub: { values: ['acc-nobody', sub] } } },
    { userinfo: { sub: { value: sub } } },
  ]
  const description = 'the person who is signed in is not the one that id_token_hint or the claim sub asks for'

  test('of the person who is signed in is answered, and of another one is login_required', async () => {
    const [ada, bob] = [await world.somebody(), await world.somebody()]
    const browser = world.browser()
    await world.app.code(browser, ada)
    for (const claims of forms(ada.sub))
      expect((await world.silently(browser, asking(claims))).answer).toHaveProperty('code')
    for (const claims of forms(bob.sub)) {
      const { answer } = await world.silently(browser, asking(claims))
      expect(answer).toMatchObject({ error: 'login_required', error_description: description })
      await world.expectRefusal('login_required', description)
    }
  })

  test('lets another person sign in, and answers an error when it is somebody else', async () => {
    const [ada, bob] = [await world.somebody(), await world.somebody()]
    const claims = { id_token: { sub: { value: ada.sub } } }
    const first = world.browser()
    await world.app.code(first, bob)
    const right = await world.signIn(first, ada, asking(claims))
    expect(answerOf((await first.submit(right.page, {}, ALLOW)).left as URL)).toHaveProperty('code')
    const second = world.browser()
    const wrong = await world.signIn(second, bob, asking(claims))
    expect(answerOf(wrong.page.left as URL)).toMatchObject({ error: 'login_required', error_description: description })
    await world.expectRefusal('login_required', description)
  })

  test('an ID token hint is judged again after the sign-in', async () => {
    const [ada, bob] = [await world.somebody(), await world.somebody()]
    const { id_token: hint = '' } = (await world.app.redeem(await world.app.code(world.browser(), ada))).body
    const { page } = await world.signIn(world.browser(), bob, { id_token_hint: hint })
    expect(answerOf(page.left as URL)).toMatchObject({ error: 'login_required', error_description: description })
    const right = await world.signIn(world.browser(), ada, { id_token_hint: hint })
    expect(right.page.left?.searchParams.has('code')).toBe(true)
  })
})

describe('a parameter that cannot be used', () => {
  test.each([
    ['{', 'could not parse the claims parameter JSON'],
    ['[]', 'claims parameter should be a JSON object'],
    ['{"id_token":{"email":true}}', 'claims.id_token.email must be null or an object'],
    ['{"userinfo":{"email":{"essential":"yes"}}}', 'claims.userinfo.email.essential must be true or false'],
    ['{"id_token":{"sub":{"value":7}}}', 'claims.id_token.sub.value must be a text of 1 to 255 characters'],
    [
      '{"id_token":{"acr":{"values":"x"}}}',
      'claims.id_token.acr.values must be an array of 1 to 20, each a text of 1 to 255 characters',
    ],
    [
      JSON.stringify({ id_token: { acr: { values: Array.from({ length: 21 }, String) } } }),
      'claims.id_token.acr.values must be an array of 1 to 20, each a text of 1 to 255 characters',
    ],
  ])('%s is invalid_request, in a pushed request too', async (claims, description) => {
    const { left } = await world.browser().visit(world.app.begin({ claims }).url)
    expect(answerOf(left as URL)).toMatchObject({ error: 'invalid_request', error_description: description })
    const [event] = await world.admin.audit('authorization.refused')
    const reason = expect.stringMatching(/^invalid_request: \S/) as string
    expect(event).toMatchObject({ outcome: 'failure', reason })
    const pushed = await world.app.push(world.app.begin({ claims }).params)
    expect([pushed.status, pushed.body['error_description']]).toEqual([400, description])
  })

  test('what is not used of it is not stored', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`claim_number_${at}`, null]))
    const page: Visit = await world.browser().visit(world.app.begin(asking({ id_token: unknown })).url)
    expect(page.status).toBe(200)
    const stored = await asSuperuser(async (db) => {
      const { rows } = await db.query<{ bytes: number }>(
        `SELECT max(pg_column_size(artefacts.*)) AS bytes FROM artefacts WHERE kind = 'Interaction'`,
      )
      return rows[0]?.bytes
    }, world.server.databaseUrl)
    expect(stored).toBeLessThan(6000)
  })
})

test('discovery says that the parameter and its claims are supported', async () => {
  const metadata = (await (await world.server.fetch('/.well-known/openid-configuration')).json()) as Record<
    string,
    unknown
  >
  expect(metadata).toMatchObject({ claims_parameter_supported: true })
  expect(metadata['claims_supported']).toEqual(
    expect.arrayContaining([
      'sub',
      'acr',
      'auth_time',
      'name',
      'middle_name',
      'preferred_username',
      'gender',
      'address',
      'phone_number',
      'phone_number_verified',
    ]),
  )
})
