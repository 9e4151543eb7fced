/** A class of sign-in by the claim `acr` (OpenID Connect Core §5.5.1.1), and the defaults of a client (Registration §2). */
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../support/app.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { ALLOW, asking, CALLBACK, claimsOf, type ClaimsWorld, startClaimsWorld } from '../support/claims-world.ts'
import { enrolPasskey, passkeyRequestOf, submitPasskey } from '../support/live-passkey.ts'
import { discoverServer, PLAIN_HTTP } from '../support/oauth4webapi.ts'
import { answerOf } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'

const MFA = 'urn:signet:acr:mfa'
const PASSKEY = 'urn:signet:acr:passkey'
let world: ClaimsWorld

beforeAll(async () => {
  world = await startClaimsWorld()
})

describe('acr', () => {
  const essential = (...values: string[]) => asking({ id_token: { acr: { essential: true, values } } })

  test('asks for the class, and the ID token names one of those that were asked for', async () => {
    const who = await world.somebody()
    const phone = await authenticatorApp(world.server, who.sub)
    const browser = world.browser()
    const { page, verifier } = await world.signIn(browser, who, essential(MFA))
    const consent = await browser.submit(page, { code: await phone.code() })
    const { id_token: idToken } = await world.redeemed((await browser.submit(consent, {}, ALLOW)).left, verifier)
    expect(claimsOf(idToken)).toMatchObject({ acr: MFA })
  })

  test('a stronger sign-in is answered with the class that was asked for where that is essential', async () => {
    const who = await world.somebody()
    const passkey = await enrolPasskey(world.server, who.sub)
    const browser = world.browser()
    const { url, verifier } = world.app.begin({ acr_values: PASSKEY, scope: 'openid' })
    const signedIn = await browser.submit(await browser.visit(url), { identifier: who.email, password: who.password })
    const consent = await submitPasskey(browser, signedIn, passkey.assertion(passkeyRequestOf(signedIn)))
    const { id_token: own } = await world.redeemed((await browser.submit(consent, {}, ALLOW)).left, verifier)
    expect(claimsOf(own)['acr']).toBe(PASSKEY)
    const answered = async (params: Record<string, string>) => {
      const { left, verifier: proof } = await world.silently(browser, params)
      return claimsOf((await world.redeemed(left, proof))['id_token'])['acr']
    }
    expect(await answered(essential(MFA))).toBe(MFA)
    expect(await answered(essential('urn:signet:acr:password', MFA))).toBe(MFA)
    expect(await answered(asking({ id_token: { acr: { values: [MFA] } } }))).toBe(PASSKEY)
  })

  test('that is essential and cannot be reached is unmet_authentication_requirements', async () => {
    const browser = world.browser()
    await world.app.code(browser, await world.somebody())
    const { answer } = await world.silently(browser, essential(MFA))
    expect(answer).toMatchObject({
      error: 'unmet_authentication_requirements',
      error_description: 'the session does not meet acr_values',
    })
    // nobody is asked to sign in for a class that does not exist here
    const { url } = world.app.begin(essential('urn:elsewhere:gold', 'urn:elsewhere:silver'))
    const { left } = await world.browser().visit(url)
    const description = 'the sign-in cannot reach the essential acr urn:elsewhere:gold urn:elsewhere:silver'
    expect(answerOf(left as URL)).toMatchObject({
      error: 'unmet_authentication_requirements',
      error_description: description,
    })
    await world.expectRefusal('unmet_authentication_requirements', description)
    // a wish for it is none of our classes, and holds nobody up
    const wish = await world.silently(browser, asking({ id_token: { acr: { values: ['urn:elsewhere:gold'] } } }))
    expect(wish.answer).toHaveProperty('code')
  })

  test('a person who has nothing stronger goes back to the app with the error', async () => {
    const browser = world.browser()
    const { page } = await world.signIn(browser, await world.somebody(), essential(MFA))
    const { left } = await browser.submit(page, {})
    expect(answerOf(left as URL)).toMatchObject({ error: 'unmet_authentication_requirements' })
  })
})

describe('defaults of a client', () => {
  test('default_acr_values asks for a class where the request has none, and openid is asked with it', async () => {
    const members = { redirect_uris: [CALLBACK], default_acr_values: [MFA] }
    const strict = createApp(world.server, await world.admin.client('web', members), CALLBACK)
    const who = await world.somebody()
    const phone = await authenticatorApp(world.server, who.sub)
    const browser = world.browser()
    const { page, verifier } = await world.signIn(browser, who, {}, strict)
    const consent = await browser.submit(page, { code: await phone.code() })
    const { id_token: idToken } = await world.redeemed(
      (await browser.submit(consent, {}, ALLOW)).left,
      verifier,
      strict,
    )
    expect(claimsOf(idToken)['acr']).toBe(MFA)
    const weak = world.browser()
    await world.app.code(weak, await world.somebody())
    expect((await world.silently(weak, {}, strict)).answer).toMatchObject({
      error: 'unmet_authentication_requirements',
    })
    await expect(world.admin.client('web', { ...members, default_acr_values: ['gold'] })).rejects.toThrow(
      /400 .*"field":"default_acr_values"/,
    )
  })

  test('default_max_age asks for a recent sign-in, and the ID token says when it was', async () => {
    const members = { redirect_uris: [CALLBACK], default_max_age: 60, require_auth_time: true }
    const recent = createApp(world.server, await world.admin.client('web', members), CALLBACK)
    const who = await world.somebody()
    const browser = world.browser()
    const { id_token: idToken } = (await recent.redeem(await recent.code(browser, who))).body
    expect(claimsOf(idToken)['auth_time']).toBeTypeOf('number')
    expect((await world.silently(browser, {}, recent)).answer).toHaveProperty('code')
    const earlier = `UPDATE sessions SET payload = payload || jsonb_build_object('loginTs', (payload ->> 'loginTs')::int - 120)
      WHERE account_id = $1`
    await asSuperuser((db) => db.query(earlier, [who.sub]), world.server.databaseUrl)
    expect((await world.silently(browser, {}, recent)).answer).toMatchObject({ error: 'login_required' })
    expect((await world.silently(browser, { max_age: '600' }, recent)).answer).toHaveProperty('code')
  })
})

test('oauth4webapi asks for claims, and accepts the answers of a pairwise client with default_max_age', async () => {
  const members = { redirect_uris: [CALLBACK], subject_type: 'pairwise', default_max_age: 600, require_auth_time: true }
  const { id } = await world.admin.client('spa', members)
  const own: oauth.Client = { client_id: id, default_max_age: 600, require_auth_time: true }
  const as = await discoverServer(world.server.issuer)
  const who = await world.somebody()
  const [verifier, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomNonce()]
  const url = new URL(String(as.authorization_endpoint))
  url.search = new URLSearchParams({
    client_id: id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid',
    nonce,
    claims: JSON.stringify({ userinfo: { email: { essential: true } } }),
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  const back = await world.browser().authorize(url.href, who)
  const parameters = oauth.validateAuthResponse(as, own, back, oauth.expectNoState)
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    own,
    oauth.None(),
    parameters,
    CALLBACK,
    verifier,
    PLAIN_HTTP,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, own, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  const { sub = '' } = oauth.getValidatedIdTokenClaims(tokens) ?? {}
  expect(sub).toMatch(/^pair-/)
  const answer = await oauth.userInfoRequest(as, own, tokens.access_token, PLAIN_HTTP)
  expect(await oauth.processUserInfoResponse(as, own, sub, answer)).toEqual({ sub, email: who.email })
})
