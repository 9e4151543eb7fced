/** Certificates that a TLS-terminating proxy passes on (`Client-Cert`, RFC 9440): from trusted proxies alone. */
import { createHash } from 'node:crypto'
import { decodeJwt } from 'jose'
import { request } from 'undici'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator } from '../support/administrator.ts'
import { startCertificateWorld, TOKEN } from '../support/certificate-clients.ts'
import { certifiedJwk, type Identity, makeCertificate } from '../support/certificates.ts'
import { API } from '../support/hazard-world.ts'
import { proofKey } from '../support/proof-key.ts'
import { type Server, startServer } from '../support/server.ts'

const MTLS_URL = 'https://mtls.id.example.com'
const shop = makeCertificate({ subject: [['CN', 'shop']], names: [['dns', 'shop.example.com']] })

/** A server behind a proxy; `clients` are those with the certificate, by its name and by itself. */
interface World {
  readonly server: Server
  readonly admin: Administrator
  readonly selfSigned: string
}

async function startBehindProxy(env: Record<string, string>): Promise<World> {
  const server = await startServer({ env: { SIGNET_MTLS_URL: MTLS_URL, ...env } })
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  const { id } = await admin.client('machine', {
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    jwks: { keys: [certifiedJwk(shop)] },
  })
  return { server, admin, selfSigned: id }
}

function header({ certificate: { der } }: Identity): Record<string, string> {
  return { 'client-cert': `:${der.toString('base64')}:` }
}

/** As a proxy sends it, which has ended TLS and keeps the host that was called. */
async function token({ server }: World, client_id: string, headers: Record<string, string>, to = server.issuer) {
  const response = await request(`http://127.0.0.1:${server.port}/token`, {
    method: 'POST',
    headers: { ...headers, host: new URL(to).host, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...TOKEN, client_id }).toString(),
  })
  return {
    status: response.statusCode,
    headers: new Headers({ 'x-request-id': String(response.headers['x-request-id']) }),
    body: (await response.body.json()) as Record<string, string>,
  }
}

describe('of a trusted proxy', () => {
  let world: World
  beforeAll(async () => {
    world = await startBehindProxy({ SIGNET_TRUSTED_PROXIES: '127.0.0.1/32' })
  })

  test('it authenticates its client and binds its tokens, at either origin', async () => {
    const x5t = createHash('sha256').update(shop.certificate.der).digest('base64url')
    for (const to of [world.server.issuer, MTLS_URL]) {
      const { status, body } = await token(world, world.selfSigned, header(shop), to)
      expect(status).toBe(200)
      expect(decodeJwt(body['access_token'] as string)).toMatchObject({ cnf: { 'x5t#S256': x5t } })
    }
  })

  test('it counts as verified only where the server is told so', async () => {
    const metadata = await (await world.server.fetch('/.well-known/openid-configuration')).json()
    expect((metadata as Record<string, unknown>)['token_endpoint_auth_methods_supported']).not.toContain(
      'tls_client_auth',
    )
    await expect(
      world.admin.client('machine', {
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_san_dns: 'shop.example.com',
      }),
    ).rejects.toThrow(/400 .*token_endpoint_auth_method/)
    const told = await startBehindProxy({
      SIGNET_TRUSTED_PROXIES: '127.0.0.1/32',
      SIGNET_PROXY_VERIFIES_CLIENT_CERT: 'true',
    })
    const { id } = await told.admin.client('machine', {
      signet_allow: [{ resource: API, scopes: ['posts:read'] }],
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'shop.example.com',
    })
    expect((await token(told, id, header(shop))).status).toBe(200)
    expect((await token(told, id, {})).status).toBe(401)
  })

  test.each([
    ['PEM', '-----BEGIN CERTIFICATE-----'],
    ['no certificate', ':AAAA:'],
    ['two certificates', `${header(shop)['client-cert']}, ${header(shop)['client-cert']}`],
    ['nothing', ''],
  ])('it is refused when it is %s', async (_, value) => {
    const answer = await token(world, world.selfSigned, { 'client-cert': value })
    expect(answer).toMatchObject({
      status: 400,
      body: { error_description: expect.stringMatching(/The Client-Cert header is malformed/) as string },
    })
  })

  test('a DPoP proof names the origin that the client called', async () => {
    const client = await world.admin.client('machine', {
      signet_allow: [{ resource: API, scopes: ['posts:read'] }],
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [certifiedJwk(shop)] },
    })
    const key = await proofKey()
    const proof = await key.proof({ url: `${MTLS_URL}/token` })
    const bound = await token(world, client.id, { ...header(shop), ...proof }, MTLS_URL)
    expect(decodeJwt(bound.body['access_token'] as string)).toMatchObject({ cnf: { jkt: key.jkt } })
  })
})

test('a trusted proxy passes on certificates by the header alone: that of its own connection is not its client', async () => {
  const world = await startCertificateWorld({ SIGNET_TRUSTED_PROXIES: '127.0.0.1/32' })
  const client_id = await world.byAuthority({ tls_client_auth_san_dns: 'shop.example.com' })
  await world.expectRefused(await world.post('/token', { ...TOKEN, client_id }, { identity: world.shop }), [
    401,
    'invalid_client',
    /no certificate was received/,
  ])
})

test('from anybody else it is as if it were not sent', async () => {
  const world = await startBehindProxy({})
  const answer = await token(world, world.selfSigned, header(shop))
  expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  expect(answer.body['error_description']).toMatch(/no certificate was received/)
  expect(await world.admin.eventOf('token.refused', answer.headers)).toMatchObject({ client_id: world.selfSigned })
})
