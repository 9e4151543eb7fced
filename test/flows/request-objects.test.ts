/** Signed authorization requests (JAR, RFC 9101): in the URL, pushed, and what is refused. */
import { importJWK, UnsecuredJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { beforeAll, describe, expect, test } from 'vitest'
import type { RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { firstAnswer } from '../support/first-answer.ts'
import { ALLOWED, anApp, API, CALLBACK, EVERYTHING, expectRefused, somebody } from '../support/hazard-world.ts'
import { type Stage, startStage } from '../support/hazard-world.ts'
import { discoverServer, PLAIN_HTTP } from '../support/oauth4webapi.ts'
import { answerOf, textOf } from '../support/person.ts'
import { signRequestObject, type RequestObjectInput } from '../support/request-object.ts'

let stage: Stage
let issuer: string
let client: RegisteredClient
let app: App

beforeAll(async () => {
  stage = await startStage(2)
  ;({ issuer } = stage.first)
  ;({ client, app } = await anApp(stage, 'web'))
})

function signed(params: Record<string, unknown>, bent: Partial<RequestObjectInput> = {}): Promise<string> {
  return signRequestObject({ issuer, client, params, ...bent })
}

/** Returns the URL of a request whose parameters stand in the object alone. */
function addressOf(request: string, also: Record<string, string> = {}, of = client): string {
  const query = new URLSearchParams({ client_id: of.id, request, ...also })
  return `${issuer}/authorize?${query.toString()}`
}

describe('a client of openid-client', () => {
  test('sends a signed request in the URL, and gets tokens for what stands in it', async () => {
    const { browser, who } = await somebody(stage)
    const key = (await importJWK(client.key, 'ES256')) as openid.CryptoKey
    const config = await openid.discovery(
      new URL(issuer),
      client.id,
      undefined,
      openid.PrivateKeyJwt({ key, kid: 'k1' }),
      { execute: [openid.allowInsecureRequests] },
    )
    const verifier = openid.randomPKCECodeVerifier()
    const state = openid.randomState()
    const url = await openid.buildAuthorizationUrlWithJAR(
      config,
      {
        ...EVERYTHING,
        redirect_uri: CALLBACK,
        state,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      { key, kid: 'k1' },
    )
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request'])
    const left = await browser.authorize(url.href, who)
    const tokens = await openid.authorizationCodeGrant(
      config,
      left,
      { pkceCodeVerifier: verifier, expectedState: state },
      { resource: API },
    )
    expect(tokens).toMatchObject({ scope: 'openid posts:read', refresh_token: expect.any(String) })
  })

  test('pushes a signed request', async () => {
    const { browser, who } = await somebody(stage)
    const as = await discoverServer(issuer)
    const own: oauth.Client = { client_id: client.id }
    const key = (await importJWK(client.key, 'ES256')) as oauth.CryptoKey
    const auth = oauth.PrivateKeyJwt({ key, kid: 'k1' })
    const { params, state } = app.begin(EVERYTHING)
    const request = await oauth.issueRequestObject(as, own, params, { key, kid: 'k1' })
    const pushed = await oauth.processPushedAuthorizationResponse(
      as,
      own,
      await oauth.pushedAuthorizationRequest(as, own, auth, { request }, PLAIN_HTTP),
    )
    const query = new URLSearchParams({ client_id: client.id, request_uri: pushed.request_uri })
    const left = await browser.authorize(`${issuer}/authorize?${query.toString()}`, who)
    expect(oauth.validateAuthResponse(as, own, left, state).get('code')).toEqual(expect.any(String))
  })
})

describe('a request object', () => {
  test('is all that counts: a parameter beside it is as if it were not sent', async () => {
    const { browser, who } = await somebody(stage)
    const { params, verifier } = app.begin({ scope: 'openid', state: 'inside' })
    const request = await signed(params)
    const left = await browser.authorize(
      addressOf(request, { state: 'outside', scope: 'openid posts:write', resource: API, prompt: 'none' }),
      who,
    )
    expect(answerOf(left)).toMatchObject({ state: 'inside', code: expect.any(String) as string })
    const { body } = await app.redeem({ code: answerOf(left)['code'] as string, verifier })
    expect(body['scope']).toBe('openid')
  })

  test('names several resources, spelled as the client likes', async () => {
    const { browser, who } = await somebody(stage)
    const { params, verifier } = app.begin({ scope: 'openid posts:read' })
    const request = await signed({ ...params, resource: ['HTTPS://API.example.com/'] })
    const left = await browser.authorize(addressOf(request), who)
    const { body } = await app.redeem({ code: answerOf(left)['code'] as string, verifier })
    expect(body['scope']).toBe('openid posts:read')
  })

  test('can be loaded again until it is answered, and gives one answer', async () => {
    const { browser, who } = await somebody(stage)
    const url = addressOf(await signed(app.begin({ scope: 'openid' }).params))
    expect((await browser.visit(url)).html).toContain('name="password"')
    expect(answerOf(await browser.authorize(url, who))).toHaveProperty('code')
    const again = await browser.visit(url)
    expect(answerOf(again.left as URL)).toMatchObject({
      error: 'invalid_request_object',
      error_description: 'request object: it was used before; each request needs a new one with its own jti',
    })
    expect(await stage.admin.eventOf('authorization.refused', again.headers)).toMatchObject({
      client_id: client.id,
      reason: expect.stringContaining('invalid_request_object: request object: it was used before') as string,
    })
  })

  test('is pushed once, and not used in a URL after that', async () => {
    const request = await signed(app.begin({ scope: 'openid' }).params)
    expect((await app.push({ request })).status).toBe(201)
    await expectRefused(stage, await app.push({ request }), {
      status: 400,
      error: 'invalid_request_object',
      description: /^request object: it was used before/,
      event: 'endpoint.refused',
    })
    const { browser, who } = await somebody(stage)
    expect(answerOf(await browser.authorize(addressOf(request), who))).toMatchObject({
      error: 'invalid_request_object',
    })
  })

  test('without jti can be used again, also for ever', async () => {
    const { browser, who } = await somebody(stage)
    const url = addressOf(
      await signed(app.begin({ scope: 'openid' }).params, { claims: { jti: undefined, exp: undefined } }),
    )
    for (let time = 0; time < 2; time++) expect(answerOf(await browser.authorize(url, who))).toHaveProperty('code')
  })

  test('is required where the client is registered so, at both endpoints', async () => {
    const strict = await anApp(stage, 'web', {
      require_signed_request_object: true,
      request_object_signing_alg: 'ES256',
    })
    const begun = strict.app.begin({ scope: 'openid' })
    const answer = await firstAnswer(stage.first, begun.url)
    const told = { error: 'invalid_request', error_description: 'Request Object must be used by this client' }
    expect(answerOf(new URL(answer.location as string))).toMatchObject(told)
    await expectRefused(stage, await strict.app.push(begun.params), {
      status: 400,
      error: 'invalid_request',
      description: told.error_description,
      event: 'endpoint.refused',
    })
    const request = await signRequestObject({ issuer, client: strict.client, params: begun.params })
    const { browser, who } = await somebody(stage)
    expect(answerOf(await browser.authorize(addressOf(request, {}, strict.client), who))).toHaveProperty('code')
  })

  test('does not come from an address of the client', async () => {
    const { location } = await firstAnswer(
      stage.first,
      app.begin({ request_uri: 'https://shop.example.com/request.jwt' }).url,
    )
    expect(answerOf(new URL(location as string))['error']).toBe('request_uri_not_supported')
  })
})

const now = () => Math.floor(Date.now() / 1000)
/** What is bent, and the sentence that says so. */
const REFUSED: readonly [string, () => Partial<RequestObjectInput>, RegExp][] = [
  [
    'another kind of JWT',
    () => ({ header: { typ: 'dpop+jwt' } }),
    /typ is 'dpop\+jwt'; it must be 'oauth-authz-req\+jwt'/,
  ],
  ['a key id that is no text', () => ({ header: { kid: 7 } }), /kid is 7; it must be a text, or absent/],
  ['another issuer', () => ({ claims: { iss: 'somebody' } }), /iss is 'somebody'; it must be the client_id/],
  ['an assertion', () => ({ claims: { sub: client.id } }), /sub is the client_id, as in a client assertion/],
  [
    'another audience',
    () => ({ claims: { aud: 'https://evil.example' } }),
    /aud is 'https:\/\/evil\.example'; it must be/,
  ],
  ['no audience', () => ({ claims: { aud: undefined } }), /aud is missing; it must be the issuer/],
  ['an end in the past', () => ({ claims: { exp: now() - 60 } }), /it expired \d+ s ago/],
  ['a beginning in the future', () => ({ claims: { nbf: now() + 90 } }), /nbf is \d+ s ahead of this server/],
  ['an end that is no number', () => ({ claims: { exp: '1' } }), /exp is '1'; it must be a time in seconds/],
  ['a jti that is no text', () => ({ claims: { jti: 7 } }), /jti is 7; it must be a text/],
  ['a jti for ever', () => ({ claims: { exp: undefined } }), /exp is required with jti/],
  [
    'a jti for a day',
    () => ({ claims: { exp: now() + 86_400 } }),
    /it ends \d+ s from now \(exp\); with jti at most 3600 s/,
  ],
]

describe('is refused at both endpoints, with its fault and without its redirect address:', () => {
  test.each(REFUSED)('%s', async (_, bend, sentence) => {
    const { params } = app.begin({ scope: 'openid', redirect_uri: CALLBACK, state: 'inside' })
    const request = await signed(params, bend())
    const url = addressOf(request, { response_type: 'code', redirect_uri: CALLBACK, state: 'outside' })
    const { location, headers } = await firstAnswer(stage.first, url)
    expect(answerOf(new URL(location as string))).toMatchObject({
      error: 'invalid_request_object',
      error_description: expect.stringMatching(sentence) as string,
      state: 'outside',
      iss: issuer,
    })
    expect(await stage.admin.eventOf('authorization.refused', headers)).toMatchObject({ client_id: client.id })
    // without a registered address beside it there is nowhere to go
    const page = await firstAnswer(stage.first, addressOf(request))
    expect([page.status, page.location]).toEqual([400, null])
    // RFC 6749 §5.2 allows no double quotes in the description that programs read
    expect(textOf(page.html).replaceAll('"', "'")).toMatch(sentence)
    await expectRefused(stage, await app.push({ request }), {
      status: 400,
      error: 'invalid_request_object',
      description: sentence,
      event: 'endpoint.refused',
    })
  })

  test('an unsigned one or an encrypted one, also of a client that is registered for no algorithm', async () => {
    const request = new UnsecuredJWT({ ...app.begin().params, iss: client.id, aud: issuer }).encode()
    const told = { status: 400, error: 'invalid_request_object', event: 'endpoint.refused' }
    await expectRefused(stage, await app.push({ request }), {
      ...told,
      description: /alg is 'none'; it must be RS256 or/,
    })
    await expectRefused(stage, await app.push({ request: 'x.y.z' }), { ...told, description: /it is not a signed JWT/ })
    const sentence = /it is encrypted, and this server has no keys for that; push the signed one to \/par/
    await expectRefused(stage, await app.push({ request: 'v.w.x.y.z' }), { ...told, description: sentence })
  })

  test('one that another key has signed', async () => {
    const other = (await anApp(stage, 'web')).client
    const request = await signed(app.begin().params, { client: { ...other, id: client.id } })
    await expectRefused(stage, await app.push({ request }), {
      status: 400,
      error: 'invalid_request_object',
      description: /could not validate Request Object/,
      event: 'endpoint.refused',
    })
  })

  test('any, of a client without keys', async () => {
    const keyless = await anApp(stage, 'spa')
    const request = await signed(keyless.app.begin().params, { client: { ...keyless.client, key: client.key } })
    await expectRefused(stage, await keyless.app.push({ request }), {
      status: 400,
      error: 'invalid_request_object',
      description: /the client has no keys that could have signed it/,
      event: 'endpoint.refused',
    })
  })

  test('for fapi2 one without exp or nbf, or of an hour and more', async () => {
    const bank = await stage.admin.client('fapi2', ALLOWED)
    const own = createApp(stage.first, bank, CALLBACK)
    const { params } = own.begin({ scope: 'openid' })
    for (const [claims, sentence] of [
      [{ exp: undefined, jti: undefined }, /exp is required/],
      [{ nbf: undefined }, /nbf is required/],
      [{ nbf: now() - 3700 }, /nbf is 370\d s ago; at most 3600 s are allowed/],
      [{ nbf: now() - 3000, exp: now() + 900 }, /it lives 3900 s from nbf to exp; at most 3600 s/],
    ] as const) {
      const request = await signRequestObject({ issuer, client: bank, params, claims })
      await expectRefused(stage, await own.push({ request }), {
        status: 400,
        error: 'invalid_request_object',
        description: sentence,
        event: 'endpoint.refused',
      })
    }
  })
})
