/** An access token that is bound to a certificate passes on a connection with that certificate (RFC 8705 §3). */
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { Agent, fetch } from 'undici'
import { beforeAll, describe, expect, test } from 'vitest'
import { accessTokens, type AccessTokensOptions } from '#resource-server/index.ts'
import { requireAccessToken } from '#resource-server/koa.ts'
import { makeCertificate } from '../support/certificates.ts'
import { atEnd } from '../support/endings.ts'
import { proofKey } from '../support/proof-key.ts'
import { refusal } from './refused.ts'
import { aSigningPair, anAccessToken, audience, publicKeys } from './test-issuer.ts'

const issuer = 'https://id.example.com'
const pair = await aSigningPair('a')
const shop = makeCertificate({ subject: [['CN', 'shop']] })
const other = makeCertificate({ subject: [['CN', 'shop']] })
const x5t = createHash('sha256').update(shop.certificate.der).digest('base64url')
let token: string

beforeAll(async () => {
  token = await anAccessToken(issuer, pair, { claims: { cnf: { 'x5t#S256': x5t } } })
})

function aVerifier(also: Partial<AccessTokensOptions>) {
  return accessTokens({ issuer, audience, keys: publicKeys([pair]), ...also })
}

const request = (scheme = 'Bearer', value = token) => ({ headers: { authorization: `${scheme} ${value}` } })

async function expectRefused(attempt: Promise<unknown>, description: string): Promise<void> {
  const refused = await refusal(attempt)
  expect({ status: refused.status, error: refused.error, description: refused.error_description }).toEqual({
    status: 401,
    error: 'invalid_token',
    description,
  })
}

describe('a token that is bound to a certificate', () => {
  test.each([
    ['as Node has it', new X509Certificate(shop.cert)],
    ['in DER', shop.certificate.der],
    ['in PEM', shop.cert],
  ])('passes with it, %s', async (_, certificate) => {
    const claims = await aVerifier({ clientCertificate: () => certificate }).verify(request())
    expect(claims).toMatchObject({ cnf: { 'x5t#S256': x5t } })
  })

  test('is refused with another one, without one, and by an API that looks at none', async () => {
    await expectRefused(
      aVerifier({ clientCertificate: () => other.cert }).verify(request()),
      'The access token is bound to another certificate than that of the request.',
    )
    for (const clientCertificate of [true, () => undefined]) {
      await expectRefused(
        aVerifier({ clientCertificate }).verify(request()),
        'The access token is bound to a certificate, and the request came without one.',
      )
    }
    await expectRefused(
      aVerifier({}).verify(request()),
      'The access token is bound to a certificate and cannot be used as a bearer token.',
    )
    await expectRefused(
      aVerifier({ dpop: true }).verify(request()),
      'The access token is bound in a way that this API cannot check.',
    )
  })

  test('is not sent with the scheme DPoP, and is bound enough where DPoP is required', async () => {
    const verifier = aVerifier({ dpop: { required: true }, clientCertificate: () => shop.cert })
    await expectRefused(
      verifier.verify(request('DPoP')),
      'The access token is bound to a certificate: send it with the scheme Bearer.',
    )
    expect(await verifier.verify(request())).toMatchObject({ sub: 'person-1' })
  })

  test('that is bound in a second way as well is refused', async () => {
    const { jkt } = await proofKey()
    const both = await anAccessToken(issuer, pair, { claims: { cnf: { 'x5t#S256': x5t, jkt } } })
    await expectRefused(
      aVerifier({ clientCertificate: () => shop.cert }).verify(request('Bearer', both)),
      'The access token is bound to a certificate and cannot be used as a bearer token.',
    )
  })
})

test('a plain bearer token passes with and without a certificate', async () => {
  const plain = await anAccessToken(issuer, pair)
  for (const clientCertificate of [() => shop.cert, () => undefined]) {
    expect(await aVerifier({ clientCertificate }).verify(request('Bearer', plain))).toMatchObject({ sub: 'person-1' })
  }
})

test('over Koa, the certificate of the connection counts, and the metadata says so', async () => {
  const host = makeCertificate({ subject: [['CN', 'localhost']], names: [['dns', 'localhost']] })
  const app = new Koa()
  app.use(requireAccessToken({ issuer, audience, keys: publicKeys([pair]), clientCertificate: true }))
  app.use((ctx) => void (ctx.body = 'read'))
  const server = createServer(
    { ...host, requestCert: true, rejectUnauthorized: false },
    (req, res) => void app.callback()(req, res),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => void server.close())
  const url = `https://localhost:${(server.address() as AddressInfo).port}`
  const get = async (path: string, identity?: typeof shop) => {
    const connect = { ca: host.cert, ...(identity && { cert: identity.cert, key: identity.key }) }
    const dispatcher = new Agent({ connect })
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` }, dispatcher })
    const text = await response.text()
    await dispatcher.close()
    return [response.status, text] as const
  }
  expect(await get('/posts', shop)).toEqual([200, 'read'])
  expect((await get('/posts', other))[0]).toBe(401)
  expect((await get('/posts'))[0]).toBe(401)
  const [, metadata] = await get('/.well-known/oauth-protected-resource')
  expect(JSON.parse(metadata)).toMatchObject({ tls_client_certificate_bound_access_tokens: true })
})
