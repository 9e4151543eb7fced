/** Subjects of accounts: which clients share them, and what they rest on. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createSubjects } from '#clients/subjects.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { accept, refuse } from './least.ts'

const [masterKey, otherMasterKey, pepper] = [randomBytes(32), randomBytes(32), randomBytes(32)]
const subjects = createSubjects(createKeyring([masterKey], pepper))
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'

const pairwise = (redirect: string, also: Record<string, unknown> = {}) => ({
  metadata: { subject_type: 'pairwise', redirect_uris: [redirect], ...also },
})

test('a public client gets the account id', () => {
  const { metadata } = pairwise('https://shop.example/cb')
  expect(subjects.of('acc-1', { metadata: { ...metadata, subject_type: 'public' } })).toBe('acc-1')
  expect(subjects.of('acc-1', { metadata: { redirect_uris: metadata.redirect_uris } })).toBe('acc-1')
})

test('a sector is a host: of sector_identifier_uri, or else of the redirect URIs, whatever port and path they have', () => {
  const shop = subjects.of('acc-1', pairwise('https://shop.example/cb'))
  expect(subjects.of('acc-1', pairwise('https://shop.example:8443/other'))).toBe(shop)
  const sector = { sector_identifier_uri: 'https://shop.example/apps.json' }
  expect(subjects.of('acc-1', pairwise('https://blog.example/cb', sector))).toBe(shop)
  expect(subjects.of('acc-1', pairwise('https://blog.example/cb'))).not.toBe(shop)
  expect(subjects.of('acc-2', pairwise('https://shop.example/cb'))).not.toBe(shop)
})

test('clients of other sectors, and who lacks the pepper, cannot compute a subject', () => {
  const client = pairwise('https://shop.example/cb')
  const shop = subjects.of('acc-1', client)
  expect(createSubjects(createKeyring([otherMasterKey], pepper)).of('acc-1', client)).toBe(shop)
  expect(createSubjects(createKeyring([masterKey], randomBytes(32))).of('acc-1', client)).not.toBe(shop)
  // neither the sector nor the account can be read from it, also not where only one of them differs
  const bytes = [shop, subjects.of('acc-2', client), subjects.of('acc-1', pairwise('https://blog.example/cb'))].map(
    (subject) => Buffer.from(subject.slice('pair-'.length), 'base64url'),
  )
  for (const one of bytes) expect(one.includes('acc-')).toBe(false)
  const heads = bytes.map((one) => one.subarray(16, 20).toString('hex'))
  expect(new Set(heads).size).toBe(3)
})

test('the account of a subject is found again for its sector alone', () => {
  const client = pairwise('https://shop.example/cb')
  const subject = subjects.of('acc-1', client)
  expect(subjects.accountOf(subject, client)).toBe('acc-1')
  expect(subjects.accountOf(subject, pairwise('https://blog.example/cb'))).toBeUndefined()
  expect(createSubjects(createKeyring([masterKey], randomBytes(32))).accountOf(subject, client)).toBeUndefined()
  const first = subject.charAt(10) === 'A' ? 'B' : 'A'
  for (const other of [
    `${subject.slice(0, 10)}${first}${subject.slice(11)}`,
    subject.slice(0, -4),
    `${subject}AAAA`,
    'acc-1',
    'pair-',
    '',
  ]) {
    expect(subjects.accountOf(other, client), other).toBeUndefined()
  }
  expect(subjects.accountOf('acc-1', { metadata: {} })).toBe('acc-1')
})

describe('a pairwise client with the device grant', () => {
  test('shows by the address of its keys which sector it is of', async () => {
    const keys = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://tv.example/jwks' }
    const { metadata } = await accept('device', { subject_type: 'pairwise', ...keys })
    expect(subjects.of('acc-1', { metadata })).toBe(subjects.of('acc-1', pairwise('https://tv.example/cb')))
  })

  test.each([
    ['is public', {}],
    ['has a secret', { token_endpoint_auth_method: 'client_secret_basic', jwks_uri: 'https://tv.example/jwks' }],
  ])('is refused when it %s', async (_what, members) => {
    const expected =
      'public; pairwise with these grants needs private_key_jwt or self_signed_tls_client_auth, and jwks_uri'
    expect(await refuse('device', { subject_type: 'pairwise', ...members })).toEqual([
      ['subject_type', 'pairwise', expected],
    ])
  })

  test('names its sector when it has redirect URIs too', async () => {
    const both = { grant_types: ['authorization_code', DEVICE], jwks: undefined, jwks_uri: 'https://tv.example/jwks' }
    expect(await refuse('web', { subject_type: 'pairwise', ...both })).toEqual([
      [
        'sector_identifier_uri',
        null,
        'a sector_identifier_uri, because this pairwise client has redirect URIs and grants without them',
      ],
    ])
  })
})
