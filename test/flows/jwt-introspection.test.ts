/** Signed introspection answers (RFC 9701), for a caller that asks for them. */
import { createRemoteJWKSet, importJWK, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, expect, test } from 'vitest'
import { assertionParams } from '../support/assertion.ts'
import { anApp, granted, type Granted, type Registered, type Stage, startStage } from '../support/hazard-world.ts'
import { discoverServer, PLAIN_HTTP } from '../support/oauth4webapi.ts'

const JWT = 'application/token-introspection+jwt'
let stage: Stage
let issuer: string
let api: Registered
let shop: Granted

beforeAll(async () => {
  stage = await startStage()
  ;({ issuer } = stage.first)
  api = await anApp(stage, 'machine', { signet_introspect: true, introspection_signed_response_alg: 'ES256' })
  shop = await granted(stage)
})

async function introspect(token: string, accept: string, by = api): Promise<Response> {
  const own = await assertionParams({ issuer, clientId: by.client.id, key: by.client.key })
  return stage.first.fetch('/introspect', {
    method: 'POST',
    headers: { accept },
    body: new URLSearchParams({ ...own, token }),
  })
}

async function opened(response: Response, audience = api.client.id) {
  expect([response.status, response.headers.get('content-type')]).toEqual([200, `${JWT}; charset=utf-8`])
  expect(response.headers.get('cache-control')).toBe('no-store')
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  return jwtVerify(await response.text(), keys, { issuer, audience, typ: 'token-introspection+jwt' })
}

test('oauth4webapi asks for a signed answer and gets what a plain one has', async () => {
  const as = await discoverServer(issuer)
  const own: oauth.Client = { client_id: api.client.id, introspection_signed_response_alg: 'ES256' }
  const key = (await importJWK(api.client.key, 'ES256')) as oauth.CryptoKey
  const token = shop.tokens['access_token'] as string
  const response = await oauth.introspectionRequest(as, own, oauth.PrivateKeyJwt({ key, kid: 'k1' }), token, {
    ...PLAIN_HTTP,
    requestJwtResponse: true,
  })
  const answer = await oauth.processIntrospectionResponse(as, own, response)
  const plain = (await (await introspect(token, 'application/json')).json()) as object
  expect(answer).toEqual(plain)
  expect(answer).toMatchObject({ active: true, client_id: shop.client.id, sub: shop.sub })
})

test('a signed answer is for the caller alone, can be no token, and says of an unknown one that it is not active', async () => {
  const { payload, protectedHeader } = await opened(await introspect('no such token', JWT))
  expect(protectedHeader.alg).toBe('ES256')
  // RFC 9701 §5: neither sub nor exp stands outside
  expect(payload).toEqual({
    iss: issuer,
    aud: api.client.id,
    iat: expect.any(Number) as number,
    token_introspection: { active: false },
  })
})

test('a caller that takes anything, or says nothing of an algorithm, is served too', async () => {
  const token = shop.tokens['refresh_token'] as string
  expect((await introspect(token, '*/*')).headers.get('content-type')).toMatch(/^application\/json/)
  const { payload, protectedHeader } = await opened(await introspect(token, JWT, shop), shop.client.id)
  expect(protectedHeader.alg).toBe('RS256')
  expect(payload['token_introspection']).toMatchObject({ active: true, client_id: shop.client.id })
})

test('a refusal is plain JSON, whatever the caller takes', async () => {
  const response = await stage.first.fetch('/introspect', {
    method: 'POST',
    headers: { accept: JWT },
    body: new URLSearchParams({ client_id: api.client.id, token: 'x' }),
  })
  expect([response.status, response.headers.get('content-type')]).toEqual([401, 'application/json; charset=utf-8'])
  expect(await response.json()).toMatchObject({
    error: 'invalid_client',
    error_description: expect.stringMatching(/private_key_jwt/) as string,
  })
  expect(await stage.admin.eventOf('endpoint.refused', response.headers)).toMatchObject({ client_id: api.client.id })
})
