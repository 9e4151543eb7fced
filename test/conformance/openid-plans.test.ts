/**
 * `npm run conformance:serve` keeps what its configuration files promise: for each plan of the suite the usual flow is
 * taken, by openid-client as the suite's client, and in Chromium by the file's own `browser` section.
 */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { beforeAll, describe, expect, test } from 'vitest'
import { planArgument, PLANS } from '../../conformance/plans.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { callbackOf, configurationOf, openIdParty, type Party, type Section } from '../support/suite-party.ts'
import { startSuiteWorld, type SuiteWorld } from '../support/suite-world.ts'

const browser = await openBrowser()

describe.skipIf(browser === undefined)('conformance:serve', () => {
  let world: SuiteWorld

  beforeAll(async () => {
    world = await startSuiteWorld(browser)
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

  /** Sends the browser to the end of the session, as the suite does: without `client_id`. */
  async function signOut(party: Party, params: Record<string, string>, module?: string): Promise<URL> {
    const url = new URL(String(party.config.serverMetadata().end_session_endpoint))
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
    return party.browserOf(module).goTo(url.href)
  }

  /** Returns the error of a request that asks nothing, or undefined while somebody is signed in. */
  async function silentError(party: Party): Promise<string | undefined> {
    return (await party.authorize({ prompt: 'none' })).searchParams.get('error') ?? undefined
  }

  test('rp-initiated-logout: the person is back at the suite with the state', async () => {
    const party = await openIdParty(world, 'rp-initiated-logout', 'client')
    const { tokens } = await party.signIn()
    const back = callbackOf(world, 'rp-initiated-logout').replace('callback', 'post_logout_redirect')
    const params = { id_token_hint: String(tokens.id_token), post_logout_redirect_uri: back, state: 'gone' }
    expect((await signOut(party, params)).href).toBe(`${back}?state=gone`)
    expect(await silentError(party)).toBe('login_required')
  })

  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`

  test.each<[name: string, params: (hint: string, back: string) => Record<string, string>, isSignedOut: boolean]>([
    ['no-params', () => ({}), true],
    ['only-state', () => ({ state: 's' }), true],
    ['no-post-logout-redirect-uri', (hint) => ({ id_token_hint: hint, state: 's' }), true],
    ['no-id-token-hint', (_hint, back) => ({ post_logout_redirect_uri: back, state: 's' }), true],
    ['bad-id-token-hint', (_hint, back) => ({ id_token_hint: 'hint', post_logout_redirect_uri: back }), true],
    ['modified-id-token-hint', (_hint, back) => ({ id_token_hint: unsigned, post_logout_redirect_uri: back }), true],
    [
      'bad-post-logout-redirect-uri',
      (hint, back) => ({ id_token_hint: hint, post_logout_redirect_uri: `${back}/bad` }),
      false,
    ],
    [
      'query-added-to-post-logout-redirect-uri',
      (hint, back) => ({ id_token_hint: hint, post_logout_redirect_uri: `${back}?foo=bar` }),
      false,
    ],
  ])('oidcc-rp-initiated-logout-%s ends at a page of ours', async (name, params, isSignedOut) => {
    const party = await openIdParty(world, 'rp-initiated-logout', 'client')
    const { tokens } = await party.signIn()
    const back = callbackOf(world, 'rp-initiated-logout').replace('callback', 'post_logout_redirect')
    const left = await signOut(party, params(String(tokens.id_token), back), `oidcc-rp-initiated-logout-${name}`)
    expect(left.pathname).toBe(isSignedOut ? '/logout/success' : '/logout')
    expect(await silentError(party)).toBe(isSignedOut ? 'login_required' : undefined)
  })

  test('back-channel-logout: the suite gets a logout token', async () => {
    const party = await openIdParty(world, 'back-channel-logout', 'client')
    const { tokens, claims } = await party.signIn()
    const back = callbackOf(world, 'back-channel-logout').replace('callback', 'post_logout_redirect')
    await signOut(party, { id_token_hint: String(tokens.id_token), post_logout_redirect_uri: back })
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
    ['oidcc-redirect-uri-query-mismatch', { redirect_uri: 'added' }],
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
      const expected = variant['openid'] === 'openid_connect' ? { name: 'Ada Lovelace' } : { accounts: [{ id: '1' }] }
      expect([answer.status, await answer.json()]).toMatchObject([200, expected])
      expect(tokens.refresh_token).toBeDefined()
    },
  )

  describe('single modules of FAPI 2.0', () => {
    const file = 'fapi2-security-profile-private-key-jwt-dpop-openid-connect'
    const named = (name: string) => `fapi2-security-profile-final-${name}`

    test('a person who says no goes back with access_denied', async () => {
      const party = await openIdParty(world, file, 'client')
      const left = await party.browserOf(named('user-rejects-authentication')).goTo((await party.push()).href)
      expect(left.searchParams.get('error')).toBe('access_denied')
    })

    test('a request_uri is good until the person has answered, and no longer', async () => {
      const party = await openIdParty(world, file, 'client')
      const { href } = await party.push()
      const twice = 'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds'
      const browserOfBoth = party.browserOf(named(twice))
      expect((await browserOfBoth.goTo(href)).pathname).toMatch(/^\/interaction\//)
      expect((await browserOfBoth.goTo(href)).searchParams.get('code')).not.toBeNull()

      const other = await party.push()
      const reuse = party.browserOf(named('par-attempt-reuse-request_uri'))
      expect((await reuse.goTo(other.href)).searchParams.get('code')).not.toBeNull()
      expect((await reuse.goTo(other.href)).pathname).toBe('/authorize')
    })

    test('a request_uri of another client, or one that has expired, leads to an error page', async () => {
      const [party, other] = [await openIdParty(world, file, 'client'), await openIdParty(world, file, 'client2')]
      const url = await party.push()
      url.searchParams.set('client_id', other.clientId)
      const module = named('par-attempt-to-use-request_uri-for-different-client')
      expect((await other.browserOf(module).goTo(url.href)).pathname).toBe('/authorize')
      url.searchParams.set('client_id', party.clientId)
      url.searchParams.set('request_uri', 'urn:ietf:params:oauth:request_uri:expired')
      const expired = named('par-attempt-to-use-expired-request_uri')
      expect((await party.browserOf(expired).goTo(url.href)).pathname).toBe('/authorize')
    })
  })

  test('ends at once when it is interrupted', async () => {
    expect(await world.interrupt()).toBe(0)
  })
})
