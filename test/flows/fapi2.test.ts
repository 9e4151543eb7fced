/** A high-value client (FAPI 2.0 Security Profile): pushed requests, DPoP-bound tokens, no rotation. */
import { createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, expect, test } from 'vitest'
import { administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { ALLOWED, API, CALLBACK } from '../support/hazard-world.ts'
import { discoverServer, PLAIN_HTTP, throughFapi2 } from '../support/oauth4webapi.ts'
import { person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let client: RegisteredClient
let as: oauth.AuthorizationServer

beforeAll(async () => {
  server = await startServer()
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  await admin.account(ada.email, ada.password)
  client = await admin.client('fapi2', ALLOWED)
  as = await discoverServer(server.issuer)
})

test('must push its authorization request', async () => {
  const app = createApp(server, client, CALLBACK)
  const { left } = await person(() => server).visit(app.begin({ scope: 'openid' }).url)
  expect(left?.searchParams.get('error')).toBe('invalid_request')
  expect(left?.searchParams.get('error_description')).toContain('Pushed Authorization Request')
})

interface Algs {
  readonly assertion: 'ES256' | 'PS256'
  readonly proof: 'ES256' | 'PS256'
  readonly idToken: 'ES256' | 'PS256'
}

/** Takes a person through the whole flow, and returns the tokens with what refreshes them. */
async function takeThrough({ id, key: jwk }: RegisteredClient, algs: Algs) {
  const own: oauth.Client = { client_id: id, id_token_signed_response_alg: algs.idToken }
  const key = (await importJWK(jwk, algs.assertion)) as oauth.CryptoKey
  const sent = { DPoP: oauth.DPoP(own, await oauth.generateKeyPair(algs.proof)), ...PLAIN_HTTP }
  return throughFapi2({ server, as, own, prove: oauth.PrivateKeyJwt({ key, kid: 'k1' }), sent, who: ada })
}

test('gets tokens bound to its DPoP key, refreshes with a proof only, and keeps its refresh token', async () => {
  const { tokens, refresh } = await takeThrough(client, { assertion: 'ES256', proof: 'ES256', idToken: 'ES256' })
  expect(tokens.token_type).toBe('dpop')
  expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: API, cnf: { jkt: expect.any(String) } })
  const again = await refresh()
  expect(again.refresh_token).toBe(tokens.refresh_token)
  // RFC 9449 §5: the refresh token of a confidential client is bound by its authentication; a proof is needed all the same
  await expect(refresh({ DPoP: undefined })).rejects.toMatchObject({
    error: 'invalid_grant',
    error_description: 'DPoP proof JWT not provided',
  })
  expect(decodeJwt(again.access_token)).toMatchObject({ aud: API, cnf: { jkt: expect.any(String) } })
})

async function publishedAlgs(): Promise<string[]> {
  const { keys } = (await (await server.fetch('/jwks')).json()) as { keys: JWK[] }
  return keys.map(({ alg }) => String(alg)).toSorted()
}

test('signs and proves by PS256, and gets ID tokens by a PS256 key that is made for the first client', async () => {
  const admin = await administrator(server)
  expect(await publishedAlgs()).toEqual(['ES256', 'ES256', 'RS256', 'RS256'])
  const pair = await generateKeyPair('PS256', { extractable: true })
  const key = { ...(await exportJWK(pair.privateKey)), alg: 'PS256', use: 'sig', kid: 'k1' }
  const also = {
    ...ALLOWED,
    jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'PS256', use: 'sig', kid: 'k1' }] },
    token_endpoint_auth_signing_alg: 'PS256',
    id_token_signed_response_alg: 'PS256',
  }
  const first = { ...(await admin.client('fapi2', also)), key }
  const made = ['ES256', 'ES256', 'PS256', 'PS256', 'RS256', 'RS256']
  expect(await publishedAlgs()).toEqual(made)
  expect(
    (await admin.audit('key.created')).filter(({ detail }) => Reflect.get(Object(detail), 'alg') === 'PS256'),
  ).toEqual([
    expect.objectContaining({ actor: expect.objectContaining({ id: 'signet-cli' }) as unknown }),
    expect.objectContaining({ actor: expect.objectContaining({ id: 'signet-cli' }) as unknown }),
  ])
  await admin.client('fapi2', also)
  expect(await publishedAlgs()).toEqual(made)

  const { tokens, refresh } = await takeThrough(first, { assertion: 'PS256', proof: 'PS256', idToken: 'PS256' })
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
  const verified = await jwtVerify(tokens.id_token as string, keys, { audience: first.id, issuer: server.issuer })
  expect(verified.protectedHeader.alg).toBe('PS256')
  expect((await refresh()).token_type).toBe('dpop')
})
