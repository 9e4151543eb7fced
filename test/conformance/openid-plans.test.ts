/**
 * `npm run conformance:serve` keeps what its configuration files promise: for each plan of the suite the usual flow is
 * taken, by openid-client as the suite's client, and in Chromium by the file's own `browser` section.
 */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { planArgument, PLANS } from '../../conformance/plans.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { callbackOf, configurationOf, openIdParty, type Party, type Section } from '../support/suite-party.ts'
import { startSuiteWorld, type SuiteWorld } from '../support/suite-world.ts'

const browser: Browser | undefined = await openBrowser()

describe.skipIf(browser === undefined)('conformance:serve', () => {
  let world: SuiteWorld

  beforeAll(async () => {
    world = await startSuiteWorld(browser as Browser)
  })

  test('names each plan with its variant and its file', () => {
    expect(world.plans).toEqual(PLANS.map((plan) => `${planArgument(plan)} ${plan.file}.json`))
    expect(world.plans[0]).toBe(
      'oidcc-basic-certification-test-plan[server_metadata=discovery][client_registration=static_client] basic.json',
    )
  })

  test.each<[file: string, section: Section]>([
    ['basic', 'client'],
    ['basic', 'client2'],
    ['basic', 'client_secret_post'],
    ['form-post', 'client'],
    ['private-key-jwt', 'client'],
    ['private-key-jwt', 'client2'],
    ['dynamic', 'client'],
  ])('%s: %s signs a person in without PKCE', async (file, section) => {
    const party = await openIdParty(world, file, section)
    const { tokens, claims } = await party.signIn()
    // nothing of a person is in the ID token
    expect(Object.keys(claims)).not.toContain('email')
    const info = await client.fetchUserInfo(party.config, tokens.access_token, claims.sub)
    expect(info).toMatchObject({
      email: 'ada@conformance.example',
      phone_number_verified: true,
      address: { locality: 'London' },
      middle_name: 'King',
    })
  })

  test('form-post: the answer is posted to the app', async () => {
    const posted = world.calls.findLast(({ url }) => url.pathname === '/test/a/signet-form-post/callback')
    expect(posted).toMatchObject({ method: 'POST' })
    expect(new URLSearchParams(posted?.body).get('iss')).toBe(
      new URL(configurationOf(world, 'basic').server.discoveryUrl).origin,
    )
  })

  test('a second sign-in with prompt=login asks for the password, and for nothing else', async () => {
    const party = await openIdParty(world, 'basic', 'client')
    const first = await party.signIn()
    const second = await party.signIn({ prompt: 'login' })
    expect(Number(second.claims['auth_time'])).toBeGreaterThanOrEqual(Number(first.claims['auth_time']))
    expect(second.claims.sub).toBe(first.claims.sub)
  })

  /** Sends the browser to the end of the session. */
  async function signOut(party: Party, params: Record<string, string>, module?: string): Promise<URL> {
    const url = client.buildEndSessionUrl(party.config, params)
    if (Object.keys(params).length < 2) url.searchParams.delete('client_id')
    return party.browserOf(module).goTo(url.href)
  }

  async function isSignedOut(party: Party): Promise<void> {
    const { searchParams } = await party.authorize({ prompt: 'none' })
    expect(searchParams.get('error')).toBe('login_required')
  }

  test('rp-initiated-logout: the person is back at the suite with the state', async () => {
    const party = await openIdParty(world, 'rp-initiated-logout', 'client')
    const { tokens } = await party.signIn()
    const back = callbackOf(world, 'rp-initiated-logout').replace('callback', 'post_logout_redirect')
    const params = { id_token_hint: String(tokens.id_token), post_logout_redirect_uri: back, state: 'gone' }
    expect((await signOut(party, params)).href).toBe(`${back}?state=gone`)
    await isSignedOut(party)
  })

  test.each([
    ['oidcc-rp-initiated-logout-no-params', {}],
    ['oidcc-rp-initiated-logout-only-state', { state: 'gone' }],
  ])('rp-initiated-logout: %s ends at our page', async (module, params) => {
    const party = await openIdParty(world, 'rp-initiated-logout', 'client')
    await party.signIn()
    await signOut(party, params, module)
    await isSignedOut(party)
  })

  test('back-channel-logout: the suite gets a logout token', async () => {
    const party = await openIdParty(world, 'back-channel-logout', 'client')
    const { tokens, claims } = await party.signIn()
    const back = callbackOf(world, 'back-channel-logout').replace('callback', 'post_logout_redirect')
    await signOut(party, { id_token_hint: String(tokens.id_token), post_logout_redirect_uri: back, state: 's' })
    const sent = () => world.calls.find(({ url }) => url.pathname.endsWith('/backchannel_logout'))
    await eventually(() => sent() !== undefined)
    const token = decodeJwt(String(new URLSearchParams(sent()?.body).get('logout_token')))
    expect(token).toMatchObject({ sid: claims['sid'], sub: claims.sub, aud: party.clientId })
  })

  test('front-channel-logout: the suite is told in a frame, and gets the person back', async () => {
    const party = await openIdParty(world, 'front-channel-logout', 'client')
    const { tokens, claims } = await party.signIn()
    const back = callbackOf(world, 'front-channel-logout').replace('callback', 'post_logout_redirect')
    const params = { id_token_hint: String(tokens.id_token), post_logout_redirect_uri: back, state: 's' }
    expect((await signOut(party, params)).href).toBe(`${back}?state=s`)
    const told = world.calls.find(({ url }) => url.pathname.endsWith('/frontchannel_logout'))
    expect(Object.fromEntries(told?.url.searchParams ?? [])).toEqual({ iss: claims.iss, sid: claims['sid'] })
  })

  test.each([
    ['oidcc-ensure-registered-redirect-uri', { redirect_uri: 'https://elsewhere.example/cb' }],
    ['oidcc-ensure-redirect-uri-in-authorization-request', { redirect_uri: '' }],
    ['oidcc-redirect-uri-query-added', { redirect_uri: 'added' }],
  ])('%s ends at our error page', async (module, { redirect_uri: uri }) => {
    const party = await openIdParty(world, 'basic', 'client')
    const url = party.request()
    url.searchParams.delete('redirect_uri')
    const given = uri === 'added' ? `${callbackOf(world, 'basic')}?extra=1` : uri
    if (given !== '') url.searchParams.set('redirect_uri', given)
    const { pathname } = await party.browserOf(module).goTo(url.href)
    expect(pathname).toBe('/authorize')
  })

  test.each(PLANS.filter((plan) => plan.clients === 'fapi2').map((plan) => [plan.file, plan] as const))(
    '%s: pushes a request, and the API accepts the bound token',
    async (file, { variant }) => {
      const party = await openIdParty(world, file, 'client')
      const { tokens, left } = await party.signIn()
      expect([...left.searchParams.keys()].toSorted()).toEqual(
        variant['fapi_response_mode'] === 'jarm' ? ['response'] : ['code', 'iss', 'state'],
      )
      expect(tokens.token_type).toBe(variant['sender_constrain'] === 'dpop' ? 'dpop' : 'bearer')
      expect(tokens.id_token !== undefined).toBe(variant['openid'] === 'openid_connect')
      if (tokens.id_token !== undefined) expect(decodeProtectedHeader(tokens.id_token).alg).toBe('ES256')
      const url = new URL(String(configurationOf(world, file).resource?.resourceUrl))
      const answer = await party.call(url, tokens.access_token)
      expect([answer.status, await answer.json()]).toMatchObject([200, { accounts: [{ id: '1' }] }])
      expect(answer.headers.get('x-fapi-interaction-id')).toMatch(/^[\da-f-]{36}$/)
    },
  )

  test('ends at once when it is interrupted', async () => {
    expect(await world.interrupt()).toBe(0)
  })
})
