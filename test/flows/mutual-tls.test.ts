/** Client certificates (RFC 8705): authentication by them, tokens bound to them, and where they are taken from. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { type CertificateWorld, startCertificateWorld, TOKEN } from '../support/certificate-clients.ts'
import { certifiedJwk, type Identity, makeCertificate } from '../support/certificates.ts'
import { keysHost } from '../support/keys-host.ts'
import { proofKey } from '../support/proof-key.ts'

let world: CertificateWorld
/** What the registered name of each client with an authority is read from. */
let shop: Identity

beforeAll(async () => {
  world = await startCertificateWorld()
  ;({ shop } = world)
})

test('discovery names the methods, the aliases and that tokens can be bound', async () => {
  const metadata = (await (await world.server.fetch('/.well-known/openid-configuration')).json()) as Record<
    string,
    unknown
  >
  const endpoints = ['token', 'par', 'device/code', 'backchannel/authorize', 'introspect', 'revoke', 'userinfo'].map(
    (path) => `${world.mtlsUrl}/${path}`,
  )
  expect(Object.values(metadata['mtls_endpoint_aliases'] as object)).toEqual(endpoints)
  expect(metadata['tls_client_certificate_bound_access_tokens']).toBe(true)
  expect(metadata['token_endpoint_auth_methods_supported']).toEqual(
    expect.arrayContaining(['tls_client_auth', 'self_signed_tls_client_auth']),
  )
  expect(metadata['token_endpoint']).toBe(`${world.server.issuer}/token`)
})

describe('tls_client_auth', () => {
  test.each([
    [{ tls_client_auth_subject_dn: 'cn=Shop, O=Example\\, Ltd, C=GB' }],
    [{ tls_client_auth_san_dns: 'shop.example.com' }],
    [{ tls_client_auth_san_uri: 'https://shop.example.com/id' }],
    [{ tls_client_auth_san_email: 'shop@example.com' }],
    [{ tls_client_auth_san_ip: '192.0.2.7' }],
  ])('takes a certificate of the authority with the name %j, and no other', async (name) => {
    const client_id = await world.byAuthority(name)
    const answer = await world.post('/token', { ...TOKEN, client_id }, { identity: shop })
    expect({ status: answer.status, type: answer.body['token_type'] }).toEqual({ status: 200, type: 'Bearer' })
    expect(decodeJwt(answer.body['access_token'] as string)).not.toHaveProperty('cnf')
    const other = world.issued({ subject: [['CN', 'other']], names: [['dns', 'other.example.com']] })
    await world.expectRefused(await world.post('/token', { ...TOKEN, client_id }, { identity: other }), [
      401,
      'invalid_client',
      /^client authentication failed$/,
    ])
  })

  test('refuses a missing certificate, one of another authority, and one whose time is over', async () => {
    const client_id = await world.byAuthority({ tls_client_auth_san_dns: 'shop.example.com' })
    await world.expectRefused(await world.post('/token', { ...TOKEN, client_id }), [
      401,
      'invalid_client',
      /no certificate was received, and the client is registered for tls_client_auth: send client_id on a TLS connection/,
    ])
    const selfMade = makeCertificate({ subject: [['O', 'Clients']], isAuthority: true })
    const past = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') }
    for (const identity of [
      world.issued({ issuer: selfMade }),
      world.issued(past),
      makeCertificate({ subject: [['CN', 'shop']], names: [['dns', 'shop.example.com']] }),
    ]) {
      await world.expectRefused(await world.post('/token', { ...TOKEN, client_id }, { identity }), [
        401,
        'invalid_client',
        /the certificate was not issued by an authority that this server knows, or is not valid now/,
      ])
    }
  })

  test('is not taken with a certificate that the ordinary listener never asks for', async () => {
    const client_id = await world.byAuthority({ tls_client_auth_san_dns: 'shop.example.com' })
    await world.expectRefused(
      await world.post('/token', { ...TOKEN, client_id }, { identity: shop, to: world.server.issuer }),
      [401, 'invalid_client', /no certificate was received/],
    )
  })

  test('is not taken with an empty secret, which only public clients may send', async () => {
    const client_id = await world.byAuthority({ tls_client_auth_san_dns: 'shop.example.com' })
    const headers = { authorization: `Basic ${Buffer.from(`${client_id}:`).toString('base64')}` }
    await world.expectRefused(await world.post('/token', TOKEN, { identity: shop, headers }), [
      401,
      'invalid_client',
      /an empty secret was sent, and the client is registered for tls_client_auth/,
    ])
  })

  test('a header is no certificate, whoever sends it', async () => {
    const client_id = await world.byAuthority({ tls_client_auth_san_dns: 'shop.example.com' })
    const headers = { 'client-cert': `:${shop.certificate.der.toString('base64')}:` }
    for (const to of [world.mtlsUrl, world.server.issuer]) {
      await world.expectRefused(await world.post('/token', { ...TOKEN, client_id }, { headers, to }), [
        401,
        'invalid_client',
        /no certificate was received/,
      ])
    }
  })
})

describe('self_signed_tls_client_auth', () => {
  test('takes the certificates that are registered, whoever signed them, and no other of the same name', async () => {
    const [first, second] = [makeCertificate({ subject: [['CN', 'a']] }), makeCertificate({ subject: [['CN', 'b']] })]
    const client_id = await world.machine({
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [certifiedJwk(first), certifiedJwk(second)] },
    })
    for (const identity of [first, second]) {
      expect((await world.post('/token', { ...TOKEN, client_id }, { identity })).status).toBe(200)
    }
    for (const identity of [makeCertificate({ subject: [['CN', 'a']] }), shop]) {
      await world.expectRefused(await world.post('/token', { ...TOKEN, client_id }, { identity }), [
        401,
        'invalid_client',
        /^client authentication failed$/,
      ])
    }
    // the same key in another certificate is another certificate (RFC 8705 §2.2)
    const renewed = makeCertificate({ subject: [['CN', 'a']], privateKey: first.certificate.privateKey })
    expect((await world.post('/token', { ...TOKEN, client_id }, { identity: renewed })).status).toBe(401)
  })

  test('a renewed certificate at jwks_uri is taken at once, and the old one is not any more', async () => {
    const [old, renewed] = ['1', '2'].map((CN) => makeCertificate({ subject: [['CN', CN]] })) as [Identity, Identity]
    const host = await keysHost([certifiedJwk(old)])
    const members = { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks_uri: host.url }
    const client_id = await world.machine(members)
    const ask = async (identity: Identity) => world.post('/token', { ...TOKEN, client_id }, { identity })
    expect((await ask(old)).status).toBe(200)
    host.answer.keys = [certifiedJwk(renewed)]
    expect((await ask(renewed)).status).toBe(200)
    await world.expectRefused(await ask(old), [401, 'invalid_client', /^client authentication failed$/])
    expect((await ask(renewed)).status).toBe(200)
    expect(host.asked).toBe(2)
  })

  test('a certificate whose key was revoked is refused', async () => {
    const [first, second] = [makeCertificate({ subject: [['CN', 'a']] }), makeCertificate({ subject: [['CN', 'b']] })]
    const client_id = await world.machine({
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: {
        keys: [
          { ...certifiedJwk(first), kid: 'first' },
          { ...certifiedJwk(second), kid: 'second' },
        ],
      },
    })
    await world.admin.call('DELETE', `/clients/${client_id}/keys/first`)
    expect((await world.post('/token', { ...TOKEN, client_id }, { identity: first })).status).toBe(401)
    expect((await world.post('/token', { ...TOKEN, client_id }, { identity: second })).status).toBe(200)
  })
})

describe('the origin for certificates', () => {
  test('serves what clients call, and nothing else', async () => {
    for (const path of [
      '/authorize',
      '/.well-known/openid-configuration',
      '/jwks',
      '/account',
      '/admin/v1/clients',
      '/',
    ]) {
      const response = await world.as(shop)(world.mtlsUrl + path, { redirect: 'manual' })
      expect([path, response.status, await response.text()]).toEqual([
        path,
        421,
        expect.stringContaining(`is for clients with a certificate, at /token, /par`) as string,
      ])
    }
  })

  test('resumes no session, which would bring back a certificate of before', async () => {
    const [ordinary, asking] = [world.server.issuer, world.mtlsUrl].map((url) => Number(new URL(url).port))
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await isResumed(Number(ordinary), maxVersion)).toBe(true)
      expect(await isResumed(Number(asking), maxVersion)).toBe(false)
    }
  })

  test('a DPoP proof names the address that was called there', async () => {
    const client_id = await world.byAuthority({ tls_client_auth_san_dns: 'shop.example.com' })
    const key = await proofKey()
    const proof = (url: string) => key.proof({ url })
    const there = await proof(`${world.mtlsUrl}/token`)
    const { body } = await world.post('/token', { ...TOKEN, client_id }, { identity: shop, headers: there })
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ cnf: { jkt: key.jkt } })
    await world.expectRefused(
      await world.post(
        '/token',
        { ...TOKEN, client_id },
        { identity: shop, headers: await proof(`${world.server.issuer}/token`) },
      ),
      [400, 'invalid_dpop_proof', /htu mismatch/],
    )
  })
})

/** Whether a second connection is the session of the first. */
async function isResumed(port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<boolean> {
  const target = { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, maxVersion }
  const first = connect(target)
  first.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(first, 'data')
  const session = first.getSession()
  first.destroy()
  const second = connect({ ...target, ...(session && { session }) })
  await once(second, 'secureConnect')
  const resumed = second.isSessionReused()
  second.destroy()
  return resumed
}

// The server looks at its files every five seconds.
test(
  'the file of authorities is read again when it changes, also for open connections; one without certificates is not used',
  { timeout: 60_000 },
  async () => {
    const client_id = await world.byAuthority({ tls_client_auth_san_dns: 'shop.example.com' })
    const next = makeCertificate({ subject: [['O', 'Clients of tomorrow']], isAuthority: true })
    const known = world.as(shop)
    const statusOf = async (fetch: typeof globalThis.fetch) =>
      (await fetch(`${world.mtlsUrl}/token`, { method: 'POST', body: new URLSearchParams({ ...TOKEN, client_id }) }))
        .status
    const newcomer = world.as(world.issued({ issuer: next }))
    const saysUnusable = () => world.server.logLines().filter(({ msg }) => String(msg).includes('the old one stays'))
    expect([await statusOf(known), await statusOf(newcomer)]).toEqual([200, 401])

    writeFileSync(world.authorityFile, 'no certificate')
    await expect.poll(saysUnusable, { timeout: 20_000 }).toHaveLength(1)
    expect(JSON.stringify(saysUnusable())).toContain('give their certificates as PEM in SIGNET_MTLS_CLIENT_CA_FILE')
    expect([await statusOf(known), await statusOf(newcomer)]).toEqual([200, 401])

    writeFileSync(world.authorityFile, next.cert)
    // its connection stays open between the requests, and was made while its authority was known
    await expect.poll(() => statusOf(known), { timeout: 20_000, interval: 250 }).toBe(401)
    expect(await statusOf(newcomer)).toBe(200)
  },
)
