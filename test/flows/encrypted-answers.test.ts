/** Encrypted authorization answers (JARM §2.2) and introspection answers (RFC 9701 §6). */
import type { CryptoKey } from 'jose'
import * as openid from 'openid-client'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { aKey, decrypted } from '../support/encryption.ts'
import { keysHost } from '../support/keys-host.ts'
import { type Person, person, textOf, type Visit } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example/cb'
const JWT = 'application/token-introspection+jwt'
const NOT_FETCHED = 'The keys of the client could not be fetched: it answered with status 500'
const ada = { email: 'ada@example.com', password: PASSWORD }
/** Each algorithm, each content encryption and each response mode once. */
const COMBINATIONS = [
  ['RSA-OAEP-256', 'A128GCM', 'jwt'],
  ['ECDH-ES', 'A256GCM', 'query.jwt'],
  ['ECDH-ES+A128KW', 'A128CBC-HS256', 'fragment.jwt'],
  ['ECDH-ES+A256KW', 'A256CBC-HS512', 'form_post.jwt'],
] as const
let server: Server
let admin: Administrator
let browser: Person

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  browser = person(() => server)
})

async function registered(members: Record<string, unknown>): Promise<{ app: App; client: RegisteredClient }> {
  const client = await admin.client('web', {
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'client_secret_basic',
    ...members,
  })
  return { app: createApp(server, client, CALLBACK, true), client }
}

const opened = (jwe: unknown, privateKey: CryptoKey, audience: string) =>
  decrypted(jwe, { issuer: server.issuer, privateKey, audience })

function basic({ id, secret }: RegisteredClient): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
}

async function introspect(client: RegisteredClient, accept = JWT): Promise<Response> {
  const headers = { ...basic(client), accept }
  return server.fetch('/introspect', { method: 'POST', headers, body: new URLSearchParams({ token: 'unknown' }) })
}

describe('authorization answers', () => {
  function answerIn({ left, html }: Visit): string | undefined {
    const [query, fragment] = [left?.searchParams, new URLSearchParams(left?.hash.slice(1))]
    const field = /name="response" value="([^"]+)"/.exec(html)?.[1]
    return query?.get('response') ?? fragment.get('response') ?? field
  }

  /** Registers a client, and consents for it where that is asked, so that its next request is answered at once. */
  async function consented(members: Record<string, unknown>) {
    const own = await registered(members)
    await browser.authorize(own.app.begin().url, ada)
    return own
  }

  test.each(COMBINATIONS)('are signed, then encrypted by %s and %s, in the mode %s', async (alg, enc, mode) => {
    const { privateKey, publicJwk } = await aKey(alg)
    const { app, client } = await consented({
      jwks: { keys: [publicJwk] },
      authorization_encrypted_response_alg: alg,
      authorization_encrypted_response_enc: enc,
    })
    const { url, state } = app.begin({ response_mode: mode })
    const { header, payload } = await opened(answerIn(await browser.visit(url)), privateKey, client.id)
    expect(header).toMatchObject({ alg, enc, kid: 'e1', cty: 'JWT' })
    expect(payload).toMatchObject({ state, code: expect.any(String) as string })

    const refused = await browser.visit(app.begin({ response_mode: mode, registration: '{}' }).url)
    expect(`${refused.left?.href} ${refused.html}`).not.toMatch(/registration_not_supported|error=/)
    const error = await opened(answerIn(refused), privateKey, client.id)
    expect(error.payload).toMatchObject({ error: 'registration_not_supported' })
  })

  test('are decrypted by openid-client, which then gets tokens', async () => {
    const { privateKey, publicJwk } = await aKey('RSA-OAEP-256', { use: 'enc', kid: 'e1', alg: 'RSA-OAEP-256' })
    const { client } = await registered({
      jwks: { keys: [publicJwk] },
      authorization_encrypted_response_alg: 'RSA-OAEP-256',
      introspection_encrypted_response_alg: 'RSA-OAEP-256',
    })
    const metadata = { client_secret: client.secret as string, introspection_signed_response_alg: 'RS256' }
    const config = await openid.discovery(new URL(server.issuer), client.id, metadata, undefined, {
      execute: [openid.allowInsecureRequests, openid.useJwtResponseMode],
    })
    // without its own content encryption a client gets that of the specification
    openid.enableDecryptingResponses(config, ['A128CBC-HS256'], { key: privateKey, alg: 'RSA-OAEP-256', kid: 'e1' })
    const pkceCodeVerifier = openid.randomPKCECodeVerifier()
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    })
    const back = await browser.authorize(url.href, ada)
    expect([...back.searchParams.keys()]).toEqual(['response'])
    const tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier })
    const answer = await openid.tokenIntrospection(config, tokens.access_token)
    expect(answer).toMatchObject({ active: true, client_id: client.id })
  })

  test('that cannot be encrypted are a page for the person, and the app gets nothing', async () => {
    const { publicJwk } = await aKey('ECDH-ES')
    const host = await keysHost([publicJwk])
    const { app, client } = await consented({ jwks_uri: host.url, authorization_encrypted_response_alg: 'ECDH-ES' })
    host.answer.status = 500
    for (const also of [{}, { registration: '{}' }, { prompt: 'none', max_age: 'x' }] as Record<string, string>[]) {
      const page = await browser.visit(app.begin({ response_mode: 'query.jwt', ...also }).url)
      expect([page.status, page.left]).toEqual([400, undefined])
      expect(textOf(page.html)).toContain(NOT_FETCHED)
      expect(await admin.eventOf('authorization.refused', page.headers)).toMatchObject({
        client_id: client.id,
        outcome: 'failure',
        reason: expect.stringContaining('it answered with status 500') as string,
      })
    }
    // what a stranger sends is no reason to ask again and again
    expect(host.asked).toBe(1)
  })
})

describe('introspection answers', () => {
  test.each(COMBINATIONS)('are signed, then encrypted by %s and %s', async (alg, enc) => {
    const { privateKey, publicJwk } = await aKey(alg)
    const { client } = await registered({
      jwks: { keys: [publicJwk] },
      introspection_encrypted_response_alg: alg,
      introspection_encrypted_response_enc: enc,
    })
    const response = await introspect(client)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, `${JWT}; charset=utf-8`])
    const { header, payload } = await opened(await response.text(), privateKey, client.id)
    expect(header).toMatchObject({ alg, enc, kid: 'e1', cty: 'JWT' })
    expect(payload['token_introspection']).toEqual({ active: false })
  })

  test('are never plain where encryption is registered', async () => {
    const { publicJwk } = await aKey('ECDH-ES')
    const { client } = await registered({
      jwks: { keys: [publicJwk] },
      introspection_encrypted_response_alg: 'ECDH-ES',
    })
    for (const accept of ['application/json', '*/*']) {
      const response = await introspect(client, accept)
      const sentence = `introspection must be requested with Accept: ${JWT} for this client`
      expect(await response.json()).toEqual({ error: 'invalid_request', error_description: sentence })
      expect(response.status).toBe(400)
      expect(await admin.eventOf('endpoint.refused', response.headers)).toMatchObject({
        client_id: client.id,
        reason: `invalid_request: ${sentence}`,
      })
    }
  })

  test('that cannot be encrypted are refused', async () => {
    const host = await keysHost([])
    host.answer.status = 500
    const { client } = await registered({ jwks_uri: host.url, introspection_encrypted_response_alg: 'ECDH-ES' })
    const response = await introspect(client)
    const refusal = { error: 'invalid_client_metadata', error_description: NOT_FETCHED }
    expect([response.status, await response.json()]).toEqual([400, refusal])
    expect(await admin.eventOf('endpoint.refused', response.headers)).toMatchObject({
      client_id: client.id,
      reason: expect.stringContaining('it answered with status 500') as string,
    })
  })
})

test('discovery lists both, and nothing for request objects', async () => {
  const metadata = (await (await server.fetch('/.well-known/openid-configuration')).json()) as Record<string, unknown>
  for (const answer of ['authorization', 'introspection']) {
    expect(metadata[`${answer}_encryption_alg_values_supported`]).toEqual(COMBINATIONS.map(([alg]) => alg))
    expect(metadata[`${answer}_encryption_enc_values_supported`]).toHaveLength(4)
  }
  expect(Object.keys(metadata).filter((name) => name.startsWith('request_object_encryption'))).toEqual([])
})
