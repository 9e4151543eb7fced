/** Tokens of this server at an API that asks it about each: JWT and opaque, bound to a key or not, and revoked. */
import { beforeAll, describe, expect, test } from 'vitest'
import {
  accessTokens,
  AccessTokenRefused,
  type AccessTokens,
  type IntrospectionOptions,
} from '#resource-server/index.ts'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { person } from '../support/person.ts'
import { proofKey, type ProofKey } from '../support/proof-key.ts'
import { type Server, startServer } from '../support/server.ts'

const JWT_API = 'https://api.example.com'
const OPAQUE_API = 'https://opaque.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ALLOW = [JWT_API, OPAQUE_API].map((resource) => ({ resource, scopes: ['posts:read'] }))
const INACTIVE = '401 The access token is unknown, has expired or was revoked.'
let server: Server
let admin: Administrator
let machine: RegisteredClient
let byKey: IntrospectionOptions
let bySecret: IntrospectionOptions
let seen = 0

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(JWT_API, ['posts:read'])
  await admin.resource(OPAQUE_API, ['posts:read'], { access_token_format: 'opaque' })
  const api = await admin.client('machine', { signet_introspect: true })
  byKey = { clientId: api.id, privateKey: api.key, cacheSeconds: 0 }
  const basic = { signet_introspect: true, token_endpoint_auth_method: 'client_secret_basic' }
  const { id, secret = '' } = await admin.client('machine', basic)
  bySecret = { clientId: id, clientSecret: secret, cacheSeconds: 0 }
  machine = await admin.client('machine', { signet_allow: ALLOW })
})

const anApi = (audience: string, introspection: IntrospectionOptions) =>
  accessTokens({ issuer: server.issuer, audience, introspection, dpop: true, scope: 'posts:read' })

/** A machine's token for an API, bound to a key if one is given. */
async function aMachineToken(resource: string, key?: ProofKey): Promise<string> {
  const own = await assertionParams({ issuer: server.issuer, clientId: machine.id, key: machine.key })
  const response = await server.fetch('/token', {
    method: 'POST',
    headers: key === undefined ? {} : await key.proof({ url: `${server.issuer}/token` }),
    body: new URLSearchParams({ ...own, grant_type: 'client_credentials', resource, scope: 'posts:read' }),
  })
  const { access_token: token, token_type: type } = (await response.json()) as Record<string, string>
  expect(type).toBe(key === undefined ? 'Bearer' : 'DPoP')
  return token as string
}

async function aPersonsTokens(resource?: string) {
  const email = `person${(seen += 1)}@example.com`
  const sub = await admin.account(email, PASSWORD)
  const client = await admin.client('web', { redirect_uris: [CALLBACK], signet_allow: ALLOW })
  const app = createApp(server, client, CALLBACK)
  const asked = resource === undefined ? {} : { resource }
  const scope = resource === undefined ? 'openid' : 'openid offline_access posts:read'
  const code = await app.code(
    person(() => server),
    { email, password: PASSWORD },
    { scope, ...asked },
  )
  const { body } = await app.redeem(code, asked)
  return { app, sub, token: body['access_token'] as string, refresh: body['refresh_token'] as string }
}

/** Returns the subject, or what the API refuses with. */
async function ask(api: AccessTokens, authorization: string, proof?: { DPoP: string }): Promise<string> {
  const headers = { authorization, ...(proof === undefined ? {} : { dpop: proof.DPoP }) }
  try {
    return (await api.verify({ method: 'GET', url: '/posts', headers })).sub
  } catch (error) {
    if (!(error instanceof AccessTokenRefused)) throw error
    return `${error.status} ${error.error_description}`
  }
}

describe.each([
  ['JWT', JWT_API, () => byKey],
  ['opaque', OPAQUE_API, () => bySecret],
])('a token that is %s', (_format, resource, client) => {
  test('of a person passes until it is revoked, whatever ends it', async () => {
    const api = anApi(resource, client())
    const one = await aPersonsTokens(resource)
    expect(await ask(api, `Bearer ${one.token}`)).toBe(one.sub)
    // the token alone, which a status list would not tell
    await one.app.call('/revoke', { token: one.token })
    expect(await ask(api, `Bearer ${one.token}`)).toBe(INACTIVE)
    const other = await aPersonsTokens(resource)
    await other.app.call('/revoke', { token: other.refresh })
    expect(await ask(api, `Bearer ${other.token}`)).toBe(INACTIVE)
  })

  test('of a machine passes with the machine as its subject', async () => {
    expect(await ask(anApi(resource, client()), `Bearer ${await aMachineToken(resource)}`)).toBe(machine.id)
  })

  test('that is bound to a key passes with a proof of it, and as a bearer token not', async () => {
    const api = anApi(resource, client())
    const key = await proofKey()
    const token = await aMachineToken(resource, key)
    const proof = () => key.proof({ url: `${resource}/posts`, method: 'GET', accessToken: token })
    expect(await ask(api, `DPoP ${token}`, await proof())).toBe(machine.id)
    expect(await ask(api, `Bearer ${token}`, await proof())).toBe(
      '401 The access token is bound to a key: send it with the scheme DPoP and a proof.',
    )
  })
})

test('a refresh token, and a token for another API or for userinfo, are no access tokens of an API', async () => {
  const api = anApi(OPAQUE_API, byKey)
  const { refresh } = await aPersonsTokens(OPAQUE_API)
  expect(await ask(api, `Bearer ${refresh}`)).toBe('401 The token is not an access token.')
  const forUserinfo = await aPersonsTokens()
  for (const foreign of [await aMachineToken(JWT_API), forUserinfo.token]) {
    expect(await ask(api, `Bearer ${foreign}`)).toBe(`401 The access token is not for ${OPAQUE_API}.`)
  }
})

test('an API that may not ask about others is told nothing, and one that is no client fails', async () => {
  const token = `Bearer ${await aMachineToken(JWT_API)}`
  const stranger = await admin.client('machine', {})
  expect(await ask(anApi(JWT_API, { clientId: stranger.id, privateKey: stranger.key }), token)).toBe(INACTIVE)
  const unknown = anApi(JWT_API, { clientId: 'unknown', clientSecret: 'a secret' })
  await expect(ask(unknown, token)).rejects.toThrow('/introspect refused the introspection request of this API: 401')
})
