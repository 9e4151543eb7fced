/** FAPI 2.0: every choice of authentication and binding, and Message Signing on top (signed requests and answers). */
import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { certifiedJwk, type Identity, makeCertificate } from '../support/certificates.ts'
import { ALLOWED, API, CALLBACK } from '../support/hazard-world.ts'
import { discoverServer, throughFapi2 } from '../support/oauth4webapi.ts'
import { answerOf } from '../support/person.ts'
import { startTlsWorld, type TlsWorld } from '../support/tls-world.ts'

const ada = { email: 'ada@example.com', password: PASSWORD }
let world: TlsWorld
let bank: Identity
let as: oauth.AuthorizationServer
let options: { [oauth.customFetch]: never }

beforeAll(async () => {
  world = await startTlsWorld()
  await world.admin.resource(API, ['posts:read', 'posts:write'])
  await world.admin.account(ada.email, ada.password)
  bank = makeCertificate({
    subject: [
      ['O', 'Bank'],
      ['CN', 'bank'],
    ],
    names: [['dns', 'bank.example']],
    issuer: world.authority,
  })
  options = { [oauth.customFetch]: world.as(bank) as never }
  as = await discoverServer(world.server.issuer, options)
})

type Auth = 'private_key_jwt' | 'tls_client_auth' | 'self_signed_tls_client_auth'
type Binding = 'DPoP' | 'certificate'

/** A client of the profile. Each has a key, which signs its requests. */
async function aClient(auth: Auth, binding: Binding, also: Record<string, unknown> = {}): Promise<RegisteredClient> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const about = { alg: 'ES256', use: 'sig', kid: 'k1' }
  const client = await world.admin.client('fapi2', {
    ...ALLOWED,
    jwks: {
      keys: [
        { ...(await exportJWK(pair.publicKey)), ...about },
        ...(auth === 'self_signed_tls_client_auth' ? [certifiedJwk(bank)] : []),
      ],
    },
    token_endpoint_auth_method: auth,
    ...(auth === 'tls_client_auth' && { tls_client_auth_san_dns: 'bank.example' }),
    ...(binding === 'certificate' && { tls_client_certificate_bound_access_tokens: true }),
    ...also,
  })
  return { ...client, key: { ...(await exportJWK(pair.privateKey)), ...about } }
}

async function takeThrough(client: RegisteredClient, auth: Auth, binding: Binding, isSigned: boolean) {
  const own: oauth.Client = {
    client_id: client.id,
    id_token_signed_response_alg: 'ES256',
    authorization_signed_response_alg: 'ES256',
    introspection_signed_response_alg: 'ES256',
    use_mtls_endpoint_aliases: true,
  }
  const key = (await importJWK(client.key, 'ES256')) as oauth.CryptoKey
  const signWith = { key, kid: 'k1' }
  const prove = auth === 'private_key_jwt' ? oauth.PrivateKeyJwt(signWith) : oauth.TlsClientAuth()
  const pair = binding === 'DPoP' ? await oauth.generateKeyPair('ES256') : undefined
  const sent = { ...options, ...(pair && { DPoP: oauth.DPoP(own, pair) }) }
  const { server } = world
  const run = { server, as, own, prove, sent, who: ada, ...(isSigned && { signWith }) }
  const { left, tokens, refresh } = await throughFapi2(run)
  const refreshed = await refresh()
  const asked = { ...options, requestJwtResponse: isSigned }
  const introspected = await oauth.processIntrospectionResponse(
    as,
    own,
    await oauth.introspectionRequest(as, own, prove, refreshed.access_token, asked),
  )
  expect(introspected).toMatchObject({ active: true, client_id: client.id, cnf: expect.any(Object) as object })
  return { left, tokens, refreshed }
}

describe.each([
  ['private_key_jwt', 'DPoP'],
  ['private_key_jwt', 'certificate'],
  ['tls_client_auth', 'DPoP'],
  ['tls_client_auth', 'certificate'],
  ['self_signed_tls_client_auth', 'DPoP'],
  ['self_signed_tls_client_auth', 'certificate'],
] as const)('%s with tokens bound by %s', (auth, binding) => {
  test('gets through the Security Profile', async () => {
    const { tokens, refreshed } = await takeThrough(await aClient(auth, binding), auth, binding, false)
    expect(tokens.token_type).toBe(binding === 'DPoP' ? 'dpop' : 'bearer')
    const { cnf } = decodeJwt(tokens.access_token) as { cnf: Record<string, string> }
    const x5t = createHash('sha256').update(bank.certificate.der).digest('base64url')
    expect(cnf).toEqual(binding === 'DPoP' ? { jkt: expect.any(String) as string } : { 'x5t#S256': x5t })
    // FAPI 2.0 Security Profile §5.3.2.1: no rotation
    expect(refreshed.refresh_token).toBe(tokens.refresh_token)
    expect(decodeJwt(refreshed.access_token)).toHaveProperty('cnf')
  })

  test('gets through Message Signing', async () => {
    const client = await aClient(auth, binding, {
      require_signed_request_object: true,
      request_object_signing_alg: 'ES256',
      response_modes: ['jwt'],
    })
    const { left } = await takeThrough(client, auth, binding, true)
    expect(Object.keys(answerOf(left))).toEqual(['response'])
    expect(decodeProtectedHeader(left.searchParams.get('response') as string).alg).toBe('ES256')
  })
})

test('a client of Message Signing sends no unsigned request', async () => {
  const client = await aClient('private_key_jwt', 'DPoP', { require_signed_request_object: true })
  const app = createApp(world.server, client, CALLBACK)
  const { status, body, headers } = await app.push(app.begin().params)
  expect({ status, body }).toMatchObject({
    status: 400,
    body: { error: 'invalid_request', error_description: 'Request Object must be used by this client' },
  })
  expect(await world.admin.eventOf('endpoint.refused', headers)).toMatchObject({ client_id: client.id })
})
