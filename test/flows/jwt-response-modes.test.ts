/** Signed authorization answers (JARM): each mode, errors too, and by our own page. */
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { anApp, type Registered, type Somebody, somebody, type Stage, startStage } from '../support/hazard-world.ts'
import { discoverServer, PLAIN_HTTP } from '../support/oauth4webapi.ts'

let stage: Stage
let issuer: string
let shop: Registered
let ada: Somebody

beforeAll(async () => {
  stage = await startStage()
  ;({ issuer } = stage.first)
  shop = await anApp(stage, 'web', { authorization_signed_response_alg: 'ES256' })
  ada = await somebody(stage)
  await shop.app.code(ada.browser, ada.who)
})

async function opened(jwt: string, clientId = shop.client.id) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  return jwtVerify(jwt, keys, { issuer, audience: clientId })
}

/** Sends a request in a mode, and returns the signed answer and where it stood. */
async function answered(mode: string, also: Record<string, string> = {}) {
  const begun = shop.app.begin({ response_mode: mode, ...also })
  const page = await ada.browser.visit(begun.url)
  const field = /name="response" value="([^"]+)"/.exec(page.html)?.[1]
  const query = page.left?.searchParams
  const fragment = new URLSearchParams(page.left?.hash.slice(1))
  const jwt = query?.get('response') ?? fragment.get('response') ?? field ?? ''
  return { ...begun, page, jwt, query: [...(query?.keys() ?? [])], fragment: [...fragment.keys()] }
}

test.each([
  ['jwt', { query: ['response'], fragment: [] }],
  ['query.jwt', { query: ['response'], fragment: [] }],
  ['fragment.jwt', { query: [], fragment: ['response'] }],
  ['form_post.jwt', { query: [], fragment: [] }],
])('%s carries the whole answer signed, for two minutes, and nothing beside it', async (mode, stands) => {
  const { jwt, state, verifier, ...where } = await answered(mode)
  expect(where).toMatchObject(stands)
  const { payload, protectedHeader } = await opened(jwt)
  expect(protectedHeader.alg).toBe('ES256')
  expect(payload).toEqual({
    iss: issuer,
    aud: shop.client.id,
    exp: expect.any(Number) as number,
    code: expect.any(String) as string,
    state,
  })
  const seconds = (payload.exp as number) - Date.now() / 1000
  expect(Math.round(seconds / 60)).toBe(2)
  expect((await shop.app.redeem({ code: payload['code'] as string, verifier })).status).toBe(200)
})

test('form_post.jwt is our page', async () => {
  const { page } = await answered('form_post.jwt', { ui_locales: 'ko' })
  expect(page.status).toBe(200)
  expect(page.html).toContain('<html lang="ko"')
  expect(page.html).not.toMatch(/name="(code|state)"/)
})

describe('an error is signed too', () => {
  test.each(['jwt', 'fragment.jwt'])('by %s, with our sentence inside and none beside it', async (mode) => {
    const { jwt, query, fragment, state, page } = await answered(mode, { registration: '{}' })
    expect([...query, ...fragment]).toEqual(['response'])
    expect((await opened(jwt)).payload).toMatchObject({
      error: 'registration_not_supported',
      error_description: expect.stringMatching(/^the parameter registration is not supported/) as string,
      state,
    })
    expect(await stage.admin.eventOf('authorization.refused', page.headers)).toMatchObject({
      client_id: shop.client.id,
    })
  })

  test('by form_post.jwt, with status 400', async () => {
    const { jwt, page } = await answered('form_post.jwt', { scope: 'openid', prompt: 'none', max_age: 'x' })
    expect(page.status).toBe(400)
    expect((await opened(jwt)).payload).toMatchObject({ error: 'invalid_request' })
  })
})

test('a client that is registered for signed answers alone gets no others', async () => {
  const { app } = await anApp(stage, 'web', { response_modes: ['query.jwt'] })
  const { left } = await ada.browser.visit(app.begin().url)
  expect(left?.searchParams.get('error')).toBe('invalid_request')
  expect(left?.searchParams.get('error_description')).toMatch(/response_mode is not allowed/)
})

test('oauth4webapi takes the answer of a public client, which is signed by RS256', async () => {
  const spa = await anApp(stage, 'spa')
  const as = await discoverServer(issuer)
  const begun = spa.app.begin({ response_mode: 'jwt' })
  const left = await ada.browser.authorize(begun.url, ada.who)
  const own: oauth.Client = { client_id: spa.client.id }
  const answer = await oauth.validateJwtAuthResponse(as, own, left, begun.state, PLAIN_HTTP)
  expect(answer.get('code')).toEqual(expect.any(String))
  expect(decodeJwt(left.searchParams.get('response') as string)).toMatchObject({ aud: spa.client.id })
})
