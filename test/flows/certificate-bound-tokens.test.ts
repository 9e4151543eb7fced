/** Tokens that are bound to a client certificate (RFC 8705 §3): how they come about, and that they need it. */
import { createHash } from 'node:crypto'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { type CertificateWorld, startCertificateWorld, TOKEN } from '../support/certificate-clients.ts'
import type { Identity } from '../support/certificates.ts'
import { API } from '../support/hazard-world.ts'
import { discoverServer } from '../support/oauth4webapi.ts'
import { person } from '../support/person.ts'
import { proofKey } from '../support/proof-key.ts'
import { assertionParams } from '../support/assertion.ts'

const CALLBACK = 'https://app.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
const allow = { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
let world: CertificateWorld
/** What the registered name of each client with an authority is read from. */
let shop: Identity

beforeAll(async () => {
  world = await startCertificateWorld()
  await world.admin.account(ada.email, ada.password)
  ;({ shop } = world)
})

function thumbprint({ certificate: { der } }: Identity): string {
  return createHash('sha256').update(der).digest('base64url')
}

describe('tokens that are bound to a certificate', () => {
  test('say so, whatever the client authenticates by, and are told by introspection', async () => {
    const client = await world.admin.client('machine', { ...allow, tls_client_certificate_bound_access_tokens: true })
    const { issuer } = world.server
    const own = () => assertionParams({ issuer, clientId: client.id, key: client.key })
    await world.expectRefused(await world.post('/token', { ...TOKEN, ...(await own()) }), [
      400,
      'invalid_grant',
      /mutual TLS client certificate not provided/,
    ])
    const { body } = await world.post('/token', { ...TOKEN, ...(await own()) }, { identity: shop })
    const cnf = { 'x5t#S256': thumbprint(shop) }
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ cnf })
    const told = await world.post(
      '/introspect',
      { ...(await own()), token: body['access_token'] as string },
      { to: issuer },
    )
    expect(told.body).toMatchObject({ active: true, cnf })
  })

  test('a proof beside the certificate is refused: one binding is enough', async () => {
    const client = await world.admin.client('machine', { ...allow, tls_client_certificate_bound_access_tokens: true })
    const own = await assertionParams({ issuer: world.server.issuer, clientId: client.id, key: client.key })
    const headers = await (await proofKey()).proof({ url: `${world.mtlsUrl}/token` })
    await world.expectRefused(await world.post('/token', { ...TOKEN, ...own }, { identity: shop, headers }), [
      400,
      'invalid_request',
      /multiple proof-of-possession mechanisms/,
    ])
  })

  test('of a public client: the refresh token and userinfo need the certificate too', async () => {
    const client = await world.admin.client('spa', {
      redirect_uris: [CALLBACK],
      tls_client_certificate_bound_access_tokens: true,
    })
    const app = createApp(world.server, client, CALLBACK, true)
    const { code, verifier } = await app.code(
      person(() => world.server),
      ada,
      { scope: 'openid email offline_access' },
    )
    const redeem = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: CALLBACK,
      client_id: client.id,
    }
    const { body } = await world.post('/token', redeem, { identity: shop })
    const refresh = {
      grant_type: 'refresh_token',
      refresh_token: body['refresh_token'] as string,
      client_id: client.id,
    }
    const other = world.issued()
    await world.expectRefused(await world.post('/token', refresh, { identity: other }), [
      400,
      'invalid_grant',
      /x5t#S256/,
    ])
    const refreshed = await world.post('/token', refresh, { identity: shop })
    expect(refreshed.status).toBe(200)
    const authorization = `Bearer ${refreshed.body['access_token']}`
    const userinfo = (identity?: Identity) =>
      world.as(identity)(`${world.mtlsUrl}/userinfo`, { headers: { authorization } })
    expect(await (await userinfo(shop)).json()).toMatchObject({ email: ada.email })
    for (const refused of [await userinfo(), await userinfo(other)]) {
      expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_token' }])
      expect(await world.admin.eventOf('endpoint.refused', refused.headers)).toMatchObject({ outcome: 'failure' })
    }
  })
})

test('oauth4webapi finds the alias, authenticates by its certificate and gets a bound token', async () => {
  const client_id = await world.byAuthority({
    tls_client_auth_subject_dn: 'CN=shop,O=Example\\, Ltd,C=GB',
    tls_client_certificate_bound_access_tokens: true,
  })
  const custom = { [oauth.customFetch]: world.as(shop) as never }
  const as = await discoverServer(world.server.issuer, custom)
  const client: oauth.Client = { client_id, use_mtls_endpoint_aliases: true }
  const response = await oauth.clientCredentialsGrantRequest(
    as,
    client,
    oauth.TlsClientAuth(),
    { resource: API },
    custom,
  )
  const tokens = await oauth.processClientCredentialsResponse(as, client, response)
  expect(decodeJwt(tokens.access_token)).toMatchObject({ sub: client_id, cnf: { 'x5t#S256': thumbprint(shop) } })
})
