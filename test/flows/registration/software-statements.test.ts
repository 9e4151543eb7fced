/** Software statements: metadata that somebody trusted has signed (RFC 7591 §2.3). */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator } from '../../support/administrator.ts'
import { keysHost, type KeysHost } from '../../support/keys-host.ts'
import { register, registrationRequest } from '../../support/registration.ts'
import { type Server, startServer } from '../../support/server.ts'

const VENDOR = 'https://vendor.example.com'
const CALLBACK = 'https://app.example.com/cb'
const trusted = await generateKeyPair('ES256', { extractable: true })
const other = await generateKeyPair('ES256', { extractable: true })
let server: Server
let admin: Administrator
let host: KeysHost

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  host = await keysHost([{ ...(await exportJWK(trusted.publicKey)), alg: 'ES256', kid: 'v1' }])
  await admin.call('PATCH', '/settings', {
    client_registration: { mode: 'open', software_statement_issuers: [{ issuer: VENDOR, jwks_uri: host.url }] },
    limits: { anonymous_megabytes_per_hour: 1000 },
  })
})

const CLAIMS = { iss: VENDOR, software_id: 'shop', client_name: 'Signed name', redirect_uris: [CALLBACK] }

function statement(claims: Record<string, unknown> = {}, key = trusted.privateKey): Promise<string> {
  return new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'v1' }).sign(key)
}

test('what it says comes before what the client says, and it is returned unmodified', async () => {
  const signed = await statement()
  const { status, body } = await register(server, {
    client_name: 'Own name',
    client_uri: 'https://app.example.com',
    redirect_uris: ['https://evil.example/cb'],
    software_statement: signed,
  })
  expect(status, JSON.stringify(body)).toBe(201)
  expect(body).toMatchObject({
    client_name: 'Signed name',
    client_uri: 'https://app.example.com',
    redirect_uris: [CALLBACK],
    software_id: 'shop',
    software_statement: signed,
  })
})

test('V25: a later change without it is held to it as well', async () => {
  const { body } = await register(server, { software_statement: await statement() })
  const id = body['client_id'] as string
  const token = body['registration_access_token'] as string
  const metadata = { client_id: id, client_name: 'Other', redirect_uris: ['https://evil.example/cb'] }
  const answer = await registrationRequest(server, 'PUT', id, { token, metadata })
  expect(answer).toMatchObject({ status: 200, body: { client_name: 'Signed name', redirect_uris: [CALLBACK] } })
})

test.each([
  [
    'another key',
    async () => statement({}, other.privateKey),
    'invalid_software_statement',
    /its signature or its claims are not valid/,
  ],
  ['a past expiry', async () => statement({ exp: 1000 }), 'invalid_software_statement', /it has expired/],
  [
    'another audience',
    async () => statement({ aud: 'https://other.example' }),
    'invalid_software_statement',
    /it is for another server/,
  ],
  [
    'no signature',
    async () => `${(await statement()).split('.').slice(0, 2).join('.')}.`,
    'invalid_software_statement',
    /its signature or its claims are not valid/,
  ],
  ['no JWT', async () => 'statement', 'invalid_software_statement', /it is not a signed JWT/],
  ['no text', async () => 7, 'invalid_software_statement', /it is not a signed JWT/],
  [
    'another issuer',
    async () => statement({ iss: 'https://evil.example' }),
    'unapproved_software_statement',
    /is not trusted here/,
  ],
  ['no issuer', async () => statement({ iss: undefined }), 'unapproved_software_statement', /is not trusted here/],
])('one with %s is refused', async (_, make, error, description) => {
  const { status, headers, body } = await register(server, { software_statement: await make() })
  expect([status, body['error']]).toEqual([400, error])
  expect(body['error_description']).toMatch(description)
  expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({
    reason: expect.stringMatching(new RegExp(`^${error}`)),
  })
})

test('nothing is fetched for an issuer that is not trusted', async () => {
  const before = host.asked
  await register(server, { software_statement: await statement({ iss: 'https://evil.example' }) })
  expect(host.asked).toBe(before)
})

test('keys are fetched once for many statements, and not again at once where that failed', async () => {
  const away = await keysHost([])
  away.answer = { ...away.answer, status: 500 }
  const issuer = 'https://away.example.com'
  await admin.call('PATCH', '/settings', {
    client_registration: {
      software_statement_issuers: [
        { issuer: VENDOR, jwks_uri: host.url },
        { issuer, jwks_uri: away.url },
      ],
    },
  })
  const before = host.asked
  for (let time = 0; time < 3; time += 1) {
    await register(server, { software_statement: await statement() })
    const { status, body } = await register(server, { software_statement: await statement({ iss: issuer }) })
    expect([status, body['error']]).toEqual([400, 'invalid_software_statement'])
    expect(body['error_description']).toMatch(/keys of its issuer could not be fetched: it answered with status 500/)
  }
  expect([host.asked - before, away.asked]).toEqual([0, 1])
})

test('metadata that is signed is checked like any other', async () => {
  const signed = await statement({ redirect_uris: ['http://app.example.com/cb'] })
  const { status, body } = await register(server, { software_statement: signed })
  expect([status, body['error']]).toEqual([400, 'invalid_redirect_uri'])
})

test('while nobody is trusted it is ignored', async () => {
  await admin.call('PATCH', '/settings', { client_registration: { software_statement_issuers: [] } })
  const { status, body } = await register(server, { redirect_uris: [CALLBACK], software_statement: await statement() })
  expect(status).toBe(201)
  expect(body).not.toHaveProperty('software_statement')
  expect(body).not.toHaveProperty('client_name')
})
