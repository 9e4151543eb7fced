/** A high-value client (FAPI 2.0 Security Profile): pushed requests, DPoP-bound tokens, no rotation. */
import { decodeJwt, importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, expect, test } from 'vitest'
import { administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://app.example.com/cb'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let client: RegisteredClient
let as: oauth.AuthorizationServer

beforeAll(async () => {
  server = await startServer()
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  await admin.account(ada.email, ada.password)
  client = await admin.client('fapi2', {
    redirect_uris: [CALLBACK],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  const issuer = new URL(server.issuer)
  as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { [oauth.allowInsecureRequests]: true }),
  )
})

test('must push its authorization request', async () => {
  const app = createApp(server, client, CALLBACK)
  const { left } = await person(() => server).visit(app.begin({ scope: 'openid' }).url)
  expect(left?.searchParams.get('error')).toBe('invalid_request')
  expect(left?.searchParams.get('error_description')).toContain('Pushed Authorization Request')
})

test('gets tokens bound to its DPoP key, refreshes with a proof only, and keeps its refresh token', async () => {
  const own: oauth.Client = { client_id: client.id, id_token_signed_response_alg: 'ES256' }
  const key = (await importJWK(client.key, 'ES256')) as oauth.CryptoKey
  const auth = oauth.PrivateKeyJwt({ key, kid: 'k1' })
  const DPoP = oauth.DPoP(own, await oauth.generateKeyPair('ES256'))
  const options = { DPoP, [oauth.allowInsecureRequests]: true as const }
  const verifier = oauth.generateRandomCodeVerifier()
  const request = {
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid offline_access posts:read',
    resource: API,
    state: 'st',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  const pushed = await oauth.processPushedAuthorizationResponse(
    as,
    own,
    await oauth.pushedAuthorizationRequest(as, own, auth, request, options),
  )
  const url = `${server.issuer}/authorize?${new URLSearchParams({ client_id: client.id, request_uri: pushed.request_uri }).toString()}`
  const answer = oauth.validateAuthResponse(as, own, await person(() => server).authorize(url, ada), 'st')
  const response = await oauth.authorizationCodeGrantRequest(as, own, auth, answer, CALLBACK, verifier, {
    ...options,
    additionalParameters: { resource: API },
  })
  const tokens = await oauth.processAuthorizationCodeResponse(as, own, response)
  expect(tokens.token_type).toBe('dpop')
  expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: API, cnf: { jkt: expect.any(String) } })
  const token = tokens.refresh_token as string
  const again = await oauth.processRefreshTokenResponse(
    as,
    own,
    await oauth.refreshTokenGrantRequest(as, own, auth, token, options),
  )
  expect(again.refresh_token).toBe(token)
  // RFC 9449 §5: the refresh token of a confidential client is bound by its authentication; a proof is needed all the same
  const bare = await oauth.refreshTokenGrantRequest(as, own, auth, token, { [oauth.allowInsecureRequests]: true })
  await expect(oauth.processRefreshTokenResponse(as, own, bare)).rejects.toMatchObject({
    error: 'invalid_grant',
    error_description: 'DPoP proof JWT not provided',
  })
  expect(decodeJwt(again.access_token)).toMatchObject({ aud: API, cnf: { jkt: expect.any(String) } })
})
