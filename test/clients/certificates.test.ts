/** Clients with TLS certificates: which names and keys may be registered, and which certificates have a name. */
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CERTIFICATE_NAMES } from '#clients/certificate-subject.ts'
import { certifiedJwk, makeCertificate } from '../support/certificates.ts'
import { accept, change, KEYS, refuse, stored } from './least.ts'

const { tls_client_auth_subject_dn: dn, tls_client_auth_san_uri: uri, tls_client_auth_san_dns: dns } = CERTIFICATE_NAMES

function certificate(input: Parameters<typeof makeCertificate>[0]): X509Certificate {
  return new X509Certificate(makeCertificate(input).cert)
}

describe('the subject of a certificate', () => {
  const strange = certificate({
    subject: [
      ['C', 'GB'],
      ['O', ' Ex+am,ple="x" <Ü>\n#;'],
      [
        ['OU', 'a'],
        ['organizationIdentifier', 'PSDGB-1'],
      ],
      ['CN', '#shop'],
    ],
  })

  test.each([
    String.raw`CN=\#shop,OU=a+organizationIdentifier=PSDGB-1,O=\ Ex\+am\,ple=\"x\" \<\C3\9C\>\0A#\;,C=GB`,
    String.raw`cn = \#SHOP , 2.5.4.97=psdgb-1 + ou = a, o=\ Ex\2Bam\2Cple\=\22x\22 \<Ü\>\0A#\;,c=gb`,
  ])('is the text %s', (text) => {
    expect([dn.fits(text), dn.matches(strange, text)]).toEqual([true, true])
  })

  test.each([
    String.raw`CN=\#shop,C=GB`,
    String.raw`C=GB,O=\ Ex\+am\,ple=\"x\" \<Ü\>\0A#\;,OU=a+organizationIdentifier=PSDGB-1,CN=\#shop`,
    String.raw`CN=\#shop,OU=a,OU=PSDGB-1,O=x,C=GB`,
  ])('is not the text %s', (text) => {
    expect([dn.fits(text), dn.matches(strange, text)]).toEqual([true, false])
  })

  const plain = certificate({
    subject: [
      ['C', 'GB'],
      ['O', 'Example'],
      ['CN', ' My  Shop '],
    ],
  })

  test.each([
    'CN=my shop,O=Example,C=GB',
    'CN=  My  Shop  ,O=Example,C=GB',
    String.raw`CN=\ my shop\ ,O=Example,C=GB`,
    String.raw`CN=my\20shop,O=example,C=gb`,
  ])('is compared without regard to case and the number of blanks: %s', (text) => {
    expect([dn.fits(text), dn.matches(plain, text)]).toEqual([true, true])
  })

  test.each([
    'C=GB',
    'O=Example,C=GB',
    'CN=my shop,O=Example',
    'CN=my shop,O=Other,C=GB',
    'CN=other,O=Other,C=GB',
    'CN=my shop,O=Example,C=GB,DC=x',
    'CN=my shop,O=Example+L=x,C=GB',
    'CN=myshop,O=Example,C=GB',
  ])('has as many relative names, and the same: not %s', (text) => {
    expect([dn.fits(text), dn.matches(plain, text)]).toEqual([true, false])
  })

  test('has all attributes of a relative name', () => {
    const several = certificate({
      subject: [
        [
          ['OU', 'a'],
          ['CN', 'shop'],
        ],
      ],
    })
    expect(['OU=a+CN=shop', 'CN=shop+OU=a'].map((text) => dn.matches(several, text))).toEqual([true, true])
    expect(['OU=a', 'CN=shop', 'OU=a+CN=other'].map((text) => dn.matches(several, text))).toEqual([false, false, false])
  })

  test.each(['shop', 'CN=shop,x', '!CN=shop', 'CN=  #0403', 'CN="a"', 'CN=a;b', 'CN=a<b', '=shop'])(
    'is not compared with %s, which is no name',
    (text) => {
      expect([dn.fits(text), dn.matches(plain, text)]).toEqual([false, false])
    },
  )

  test('is at most 2000 characters of text', () => {
    const ofLength = (length: number) => `CN=${'a'.repeat(length - 3)}`
    expect([dn.fits(ofLength(2000)), dn.fits(ofLength(2001))]).toEqual([true, false])
  })

  test('may have a name without a value, which equals no text', () => {
    const empty = certificate({ subject: [['CN', '']] })
    expect(['CN=shop', 'CN='].map((text) => dn.matches(empty, text))).toEqual([false, false])
  })

  test('cannot hold a second name in the value of a first', () => {
    const forged = certificate({ subject: [['O', 'x\nCN=shop']] })
    expect(dn.matches(forged, 'CN=shop,O=x')).toBe(false)
    const joined = certificate({ subject: [['O', 'x + CN=shop']] })
    expect(dn.matches(joined, 'O=x+CN=shop')).toBe(false)
  })
})

test('one of several alternative names is enough, of the right kind', () => {
  const several = certificate({
    subject: [['CN', 'x']],
    names: [
      ['uri', 'urn:shop'],
      ['dns', 'a.example.com'],
      ['dns', 'Shop.example.com'],
    ],
  })
  expect(dns.matches(several, 'shop.EXAMPLE.com')).toBe(true)
  expect(uri.matches(several, 'urn:shop')).toBe(true)
  expect(dns.matches(several, 'urn:shop')).toBe(false)
  expect(uri.matches(several, 'a.example.com')).toBe(false)
})

test('of an e-mail address, only the host is compared without regard to case', () => {
  const { tls_client_auth_san_email: email } = CERTIFICATE_NAMES
  const ada = certificate({ subject: [['CN', 'x']], names: [['email', 'Ada@Example.com']] })
  const matching = ['Ada@example.COM', 'ada@example.com', 'Ada@example.org', 'Ada@example.co', 'Bob@example.com']
  expect(matching.map((address) => email.matches(ada, address))).toEqual([true, false, false, false, false])
})

test('an alternative name cannot hold one of another kind', () => {
  const forged = certificate({ subject: [['CN', 'x']], names: [['uri', 'https://x/?a=1, DNS:shop.example.com']] })
  expect(dns.matches(forged, 'shop.example.com')).toBe(false)
  expect(uri.matches(forged, 'https://x/?a=1, DNS:shop.example.com')).toBe(true)
  const wild = certificate({ subject: [['CN', 'shop.example.com']], names: [['dns', '*.example.com']] })
  expect(dns.matches(wild, 'shop.example.com')).toBe(false)
})

describe('a client with a certificate of an authority', () => {
  const method = { token_endpoint_auth_method: 'tls_client_auth', jwks: null }

  test('has exactly one name', async () => {
    const one = { tls_client_auth_san_dns: 'shop.example.com' }
    expect((await accept('machine', { ...method, ...one })).metadata).toMatchObject(one)
    expect(await refuse('machine', method)).toEqual([
      ['tls_client_auth_subject_dn', null, `one of ${Object.keys(CERTIFICATE_NAMES).join(', ')}`],
    ])
    expect(await refuse('web', { ...method, ...one, tls_client_auth_subject_dn: 'CN=shop' })).toEqual([
      [
        'tls_client_auth_san_dns',
        'shop.example.com',
        'nothing beside tls_client_auth_subject_dn: one name is compared',
      ],
    ])
    expect(await refuse('machine', one)).toEqual([
      ['tls_client_auth_san_dns', 'shop.example.com', 'nothing here: only clients with tls_client_auth have it'],
    ])
  })

  test('loses its name with its method', async () => {
    const before = stored(await accept('machine', { ...method, tls_client_auth_san_ip: '192.0.2.1' }))
    const after = await change(before, { metadata: { token_endpoint_auth_method: 'client_secret_basic' } })
    expect(after.metadata).not.toHaveProperty('tls_client_auth_san_ip')
  })

  test.each([
    ['tls_client_auth_subject_dn', 'shop'],
    ['tls_client_auth_subject_dn', 'CN='],
    ['tls_client_auth_subject_dn', 'CN=#0403'],
    ['tls_client_auth_subject_dn', 'CN="a,b"'],
    ['tls_client_auth_subject_dn', 7],
    ['tls_client_auth_san_dns', '*.example.com'],
    ['tls_client_auth_san_dns', '192.0.2.1'],
    ['tls_client_auth_san_uri', 'shop'],
    ['tls_client_auth_san_ip', 'shop.example.com'],
    ['tls_client_auth_san_email', 'shop'],
  ])('%s %j is no name', async (name, value) => {
    const faults = await refuse('machine', { ...method, [name]: value })
    const { expected } = CERTIFICATE_NAMES[name as keyof typeof CERTIFICATE_NAMES]
    expect(faults).toEqual([[name, value, expected]])
  })
})

describe('a client with certificates of its own', () => {
  const method = { token_endpoint_auth_method: 'self_signed_tls_client_auth' }
  const own = makeCertificate({ subject: [['CN', 'shop']] })

  test('has them in its keys, or at its address', async () => {
    expect((await accept('web', { ...method, jwks: { keys: [certifiedJwk(own)] } })).metadata.jwks).toEqual({
      keys: [certifiedJwk(own)],
    })
    await accept('web', { ...method, jwks: null, jwks_uri: 'https://shop.example.com/jwks' })
    const expected =
      'a public key with its certificate in x5c, or jwks_uri; signet clients create takes --certificate FILE'
    expect(await refuse('web', { ...method, jwks: null })).toEqual([['jwks', null, expected]])
    expect(await refuse('web', { ...method, jwks: KEYS })).toEqual([['jwks', 'keys without x5c', expected]])
  })

  test('has the certificate of the key itself', async () => {
    const expected = 'the certificate of this key first, in base64 (not base64url) of its DER'
    const other = certifiedJwk(makeCertificate({ subject: [['CN', 'shop']] }))
    const mixed = { ...other, x5c: certifiedJwk(own)['x5c'] }
    expect(await refuse('web', { ...method, jwks: { keys: [mixed] } })).toEqual([
      ['jwks.keys[0].x5c', 'a certificate of another key', expected],
    ])
    expect(await refuse('web', { ...method, jwks: { keys: [{ ...other, x5c: ['AAAA'] }] } })).toEqual([
      ['jwks.keys[0].x5c', 'no certificate', expected],
    ])
  })
})

describe('bound tokens', () => {
  const byCertificate = { tls_client_certificate_bound_access_tokens: true }

  test('are bound in one way', async () => {
    expect((await accept('spa', byCertificate)).metadata).toMatchObject(byCertificate)
    expect(await refuse('web', { ...byCertificate, dpop_bound_access_tokens: true })).toEqual([
      ['tls_client_certificate_bound_access_tokens', true, 'either this or dpop_bound_access_tokens, not both'],
    ])
  })

  test('of fapi2 are bound to a key, unless to a certificate, and a change of one drops the other', async () => {
    const before = stored(await accept('fapi2'))
    expect(before.metadata).toMatchObject({ dpop_bound_access_tokens: true })
    const after = await change(before, { metadata: byCertificate })
    expect(after.metadata).toMatchObject(byCertificate)
    expect(after.metadata).not.toHaveProperty('dpop_bound_access_tokens')
  })
})
