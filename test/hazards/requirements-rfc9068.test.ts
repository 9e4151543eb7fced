/** Access tokens as RFC 9068 wants them, and an API that is strict about it, over a live server. */
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AccessTokenRefused, accessTokens, type AccessTokens } from '#resource-server/index.ts'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { type Person, person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

const POSTS = 'https://posts.example.com'
const PHOTOS = 'https://photos.example.com'
const LEGACY = 'https://legacy.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let app: App
let webId: string
let machine: App
let sub: string

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(POSTS, ['posts:read', 'posts:write'])
  await admin.resource(PHOTOS, ['photos:read', 'posts:read'])
  await admin.resource(LEGACY, ['legacy:read'], { signing_alg: 'RS256' })
  sub = await admin.account(ada.email, ada.password)
  const signet_allow = [
    { resource: POSTS, scopes: ['posts:read', 'posts:write'] },
    { resource: PHOTOS, scopes: ['photos:read'] },
    { resource: LEGACY, scopes: ['legacy:read'] },
  ]
  const web = await admin.client('web', { redirect_uris: [CALLBACK], signet_allow })
  webId = web.id
  app = createApp(server, web, CALLBACK)
  machine = createApp(server, await admin.client('machine', { signet_allow }), CALLBACK)
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

function somebody(): Person {
  return person(() => server)
}

function api(audience: string): AccessTokens {
  return accessTokens({ issuer: server.issuer, audience })
}

async function personToken(): Promise<{ accessToken: string; idToken: string }> {
  const grant = await app.code(somebody(), ada, { scope: 'openid posts:read', resource: POSTS })
  const { body } = await app.redeem(grant)
  return { accessToken: body['access_token'] as string, idToken: body['id_token'] as string }
}

async function refusalOf(attempt: Promise<unknown>): Promise<[number, string, string]> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AccessTokenRefused)
  const refused = error as AccessTokenRefused
  return [refused.status, refused.error as string, refused.error_description as string]
}

test('R61, R65: the token of a person has each claim that is demanded, tells how they signed in, and nothing of who', async () => {
  const before = Math.floor(Date.now() / 1000)
  const { accessToken } = await personToken()
  const { payload, protectedHeader } = await jwtVerify(
    accessToken,
    createRemoteJWKSet(new URL(`${server.issuer}/jwks`)),
    { issuer: server.issuer, audience: POSTS, typ: 'at+jwt' },
  )
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) as string })
  expect(payload).toEqual({
    iss: server.issuer,
    aud: POSTS,
    sub,
    client_id: webId,
    scope: 'posts:read',
    jti: expect.stringMatching(/^[\w-]{43}$/) as string,
    iat: expect.any(Number) as number,
    exp: (payload.iat as number) + 300,
    auth_time: expect.any(Number) as number,
    acr: expect.any(String) as string,
    amr: ['pwd'],
    status: { status_list: { idx: expect.any(Number) as number, uri: `${server.issuer}/status-lists/0` } },
  })
  expect(payload.iat).toBeGreaterThanOrEqual(before)
  expect(payload['auth_time']).toBeGreaterThanOrEqual(before - 1)
  expect(decodeJwt((await personToken()).accessToken).jti).not.toBe(payload.jti)
})

test('R60: an API that needs RS256 gets it, and no API gets a token that is not signed', async () => {
  const { body } = await machine.token({ grant_type: 'client_credentials', resource: LEGACY })
  expect(decodeProtectedHeader(body['access_token'] as string)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' })
  expect(await api(LEGACY).verify(`Bearer ${body['access_token']}`)).toMatchObject({
    aud: LEGACY,
    scope: 'legacy:read',
  })
  for (const signing_alg of ['none', 'HS256', '']) {
    await expect(admin.resource('https://x.example.com', ['x'], { signing_alg })).rejects.toThrow(/400 .*signing_alg/)
  }
})

test('R63, R64: a token is for one API and has scopes of that one alone, also where two have a scope of one name', async () => {
  const grant = await app.code(somebody(), ada, { scope: 'openid offline_access posts:read', resource: POSTS })
  const { body } = await app.redeem(grant)
  const beyond = await app.refresh(body['refresh_token'] as string, { resource: PHOTOS })
  expect(beyond).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  expect(beyond.body['error_description']).toMatch(/resource/)
  for (const [resource, scope] of [
    [POSTS, 'posts:read posts:write'],
    [PHOTOS, 'photos:read'],
  ] as const) {
    const { body } = await machine.token({ grant_type: 'client_credentials', resource })
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: resource, scope })
    expect(body['scope']).toBe(scope)
  }
  const foreign = await machine.token({ grant_type: 'client_credentials', resource: PHOTOS, scope: 'posts:read' })
  expect(foreign).toMatchObject({
    status: 400,
    body: { error: 'invalid_scope', error_description: expect.stringContaining('posts:read') as string },
  })
  const events = await admin.audit('token.refused')
  expect(
    events.filter((event) =>
      [foreign, beyond].some(({ headers }) => headers.get('x-request-id') === event['request_id']),
    ),
  ).toHaveLength(2)
})

test('R7, R66: an API takes the token that is for it, and refuses what is for another API or for the app', async () => {
  const { accessToken, idToken } = await personToken()
  expect(await api(POSTS).verify(`Bearer ${accessToken}`)).toMatchObject({ sub, aud: POSTS })
  const [head, payload, signature] = accessToken.split('.') as [string, string, string]
  const claims = { ...decodeJwt(accessToken), aud: PHOTOS }
  const moved = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
  const opaque = (await app.redeem(await app.code(somebody(), ada))).body['access_token'] as string
  const refused = {
    'for another': [PHOTOS, accessToken, `The access token is not for ${PHOTOS}.`],
    'an ID token': [POSTS, idToken, 'The token is not an access token: its typ must be at+jwt.'],
    'moved to another': [PHOTOS, moved, 'The signature of the access token is not valid.'],
    'without a signature': [POSTS, `${head}.${payload}.`, 'The signature of the access token is not valid.'],
    opaque: [POSTS, opaque, 'The access token is not a well-formed JWT.'],
  }
  for (const [name, [audience, token, description]] of Object.entries(refused)) {
    const told = await refusalOf(api(audience as string).verify(`Bearer ${token}`))
    expect([name, ...told]).toEqual([name, 401, 'invalid_token', description])
  }
})
