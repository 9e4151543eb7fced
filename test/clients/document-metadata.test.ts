/** Which addresses and client metadata documents are accepted, and what client they make. */
import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { documentIdFault, isDocumentId } from '#clients/documents/document-id.ts'
import { documentHost, type DocumentHost } from '../support/document-host.ts'
import { ASKER, documentRefusal, documentWorld } from '../support/document-world.ts'

const { here } = await documentWorld()
const { documents } = here
let host: DocumentHost

// each test has a host of its own, since one is asked for so many unknown documents only
beforeEach(async () => {
  host = await documentHost()
})

describe('an address', () => {
  const http = (name: string) => name === 'localhost'
  test.each([
    'https://app.example.com/client.json',
    'https://app.example.com:8443/a/b?c=d',
    'https://xn--bcher-kva.example/client',
    'https://app.example.com/@me/client.json',
    'http://localhost:3000/client.json',
    `https://app.example.com/${'a'.repeat(488)}`,
  ])('%s is one of a document', (id) => {
    expect(documentIdFault(id, http)).toBeUndefined()
  })

  const WRONG = 'an https URL with a path, such as https://app.example.com/client.json'
  test.each([
    ['https://app.example.com', WRONG],
    ['https://app.example.com/', WRONG],
    ['http://app.example.com/client.json', WRONG],
    ['https:/app.example.com/client.json', 'the plain spelling of it: https://app.example.com/client.json'],
    ['HTTPS://app.example.com/client.json', 'the plain spelling of it: https://app.example.com/client.json'],
    ['https://APP.example.com/client.json', 'the plain spelling of it: https://app.example.com/client.json'],
    ['https://app.example.com:443/client.json', 'the plain spelling of it: https://app.example.com/client.json'],
    ['https://app.example.com/a/../client.json', 'the plain spelling of it: https://app.example.com/client.json'],
    ['https://app.example.com/%2e%2e/client.json', 'the plain spelling of it: https://app.example.com/client.json'],
    ['https://app.example.com\\client.json', 'the plain spelling of it: https://app.example.com/client.json'],
    ['https://app.example.com/client.json#a', 'a URL without a fragment (the part from # on)'],
    ['https://user:pw@app.example.com/client.json', 'a URL without user name and password'],
    ['https://a\u00e4.example/client.json', WRONG],
    ['https://user@app.example.com/client.json', 'a URL without user name and password'],
    ['https://:pw@app.example.com/client.json', 'a URL without user name and password'],
    ['https://@app.example.com/client.json', 'the plain spelling of it: https://app.example.com/client.json'],
    ['ftp://localhost/client.json', WRONG],
    [
      `https://app.example.com/${'"'.repeat(400)}`,
      `the plain spelling of it: https://app.example.com/${'%22'.repeat(162)}%2`,
    ],
    [`https://app.example.com/${'a'.repeat(489)}`, 'a URL of at most 512 characters'],
  ])('%j is refused', (id, expected) => {
    expect(documentIdFault(id, http)).toBe(expected)
  })
})

test('an id that is a URL is that of a document', () => {
  const ids = ['https://app.example.com/', 'http://localhost/', 'HTTPS://x', 'acc-1', 'a-https://x', 'ftp://x', 'https']
  expect(ids.filter(isDocumentId)).toEqual(ids.slice(0, 3))
})

describe('a document', () => {
  test('makes a client with the least rights, and tells the audit log', async () => {
    const id = host.document({
      client_uri: 'https://app.example.com',
      scope: 'mcp:tools offline_access',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:example:other'],
      software_version: '2',
      unheard_of: { a: 1 },
      signet_introspect: true,
      signet_pkce: 'optional',
      signet_allow: [{ resource: 'https://as.example.com/admin/v1', scopes: ['clients:write'] }],
      signet_verified: true,
      signet_id_token_claims: 'all',
    })
    const client = await documents.find(id, ASKER)
    expect(client).toMatchObject({
      id,
      origin: 'document',
      profile: 'native',
      status: 'enabled',
      openidScopes: ['openid', 'profile', 'email', 'offline_access'],
      allowances: [],
      defaultResource: undefined,
    })
    expect(client?.metadata).toEqual({
      application_type: 'native',
      client_name: 'Inspector',
      client_uri: 'https://app.example.com',
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: 'RS256',
      post_logout_redirect_uris: [],
      redirect_uris: ['http://127.0.0.1:7777/cb'],
      response_types: ['code'],
      signet_id_token_claims: 'all',
      software_version: '2',
      token_endpoint_auth_method: 'none',
    })
    const [event] = await here.audit.list({ limit: 1, subject: id })
    expect(event).toMatchObject({ type: 'client.created', actor: { kind: 'system' }, clientId: id })
  })

  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwks = { keys: [publicKey.export({ format: 'jwk' })] }
  test.each([
    ['a browser app', { redirect_uris: ['https://a.example/cb'] }, 'spa', 'none'],
    [
      'an app that says native',
      { redirect_uris: ['https://a.example/cb'], application_type: 'native' },
      'native',
      'none',
    ],
    [
      'an app with a loopback address',
      { redirect_uris: ['https://a.example/cb', 'http://localhost/cb'] },
      'native',
      'none',
    ],
    [
      'a web app in development',
      { redirect_uris: ['https://a.example/cb', 'http://localhost/cb'], application_type: 'web' },
      'spa',
      'none',
    ],
    [
      'a server with keys',
      { redirect_uris: ['https://a.example/cb'], token_endpoint_auth_method: 'private_key_jwt', jwks },
      'web',
      'private_key_jwt',
    ],
    [
      'a server that names no method',
      { redirect_uris: ['https://a.example/cb'], token_endpoint_auth_method: undefined, jwks },
      'web',
      'private_key_jwt',
    ],
    [
      'an app with keys that can do without (RP Metadata Choices)',
      {
        redirect_uris: ['https://a.example/cb'],
        token_endpoint_auth_method: undefined,
        token_endpoint_auth_methods_supported: ['none'],
        jwks,
      },
      'spa',
      'none',
    ],
    ['an app that names no method', { token_endpoint_auth_method: undefined }, 'native', 'none'],
    [
      'an app that leaves the choice (RP Metadata Choices)',
      {
        redirect_uris: ['https://a.example/cb'],
        token_endpoint_auth_method: undefined,
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'none', 'private_key_jwt'],
        id_token_signing_alg_values_supported: ['PS512', 'ES256'],
        jwks_uri: 'https://a.example/jwks',
      },
      'web',
      'private_key_jwt',
    ],
  ])('of %s has the right profile and method', async (_name, members, profile, method) => {
    const client = await documents.find(host.document(members), ASKER)
    expect(client).toMatchObject({ profile, metadata: { token_endpoint_auth_method: method } })
    if ('id_token_signing_alg_values_supported' in members) {
      expect(client?.metadata).toMatchObject({ id_token_signed_response_alg: 'ES256' })
    }
  })

  const PRIVATE_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  test.each([
    [
      { client_id: 'https://other.example/client.json' },
      /client_id is "https:\/\/other\.example\/client\.json", expected is its own address/,
    ],
    [{ client_name: undefined }, /client_name is nothing, expected is the name that people read/],
    [{ client_name: 'a\u202Eb' }, /client_name is/],
    [{ redirect_uris: undefined }, /redirect_uris is \[\], expected is at least one URI to come back to/],
    [
      { redirect_uris: ['http://app.example.com/cb'] },
      /redirect_uris\[0\] is "http:\/\/app\.example\.com\/cb", expected is https; plain http only on/,
    ],
    [{ redirect_uris: ['javascript:alert(1)'] }, /redirect_uris\[0\] is/],
    [{ redirect_uris: 'https://a.example/cb' }, /redirect_uris is "https:\/\/a\.example\/cb", expected is an array/],
    [{ client_secret: 'hush' }, /client_secret is "\(not shown\)", expected is no secret/],
    [{ client_secret_expires_at: 0 }, /client_secret_expires_at/],
    [
      { token_endpoint_auth_method: 'client_secret_basic' },
      /token_endpoint_auth_method is "client_secret_basic", expected is none or private_key_jwt/,
    ],
    [{ token_endpoint_auth_method: 'tls_client_auth' }, /expected is none or private_key_jwt/],
    [
      { application_type: 'native', token_endpoint_auth_method: 'private_key_jwt', jwks },
      /token_endpoint_auth_method is "private_key_jwt", expected is for native none/,
    ],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, /jwks is nothing, expected is the public keys/],
    [{ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [PRIVATE_KEY] } }, /jwks\.keys\[0\]/],
    [
      { token_endpoint_auth_method: 'private_key_jwt', jwks, jwks_uri: 'https://a.example/jwks' },
      /either jwks or jwks_uri, not both/,
    ],
    [{ grant_types: ['client_credentials'] }, /grant_types/],
  ])('with %j is refused, and the reason is for everyone', async (members, reason) => {
    const id = host.document(members)
    const error = await documentRefusal(documents.find(id, ASKER))
    expect(error.message).toMatch(reason)
    expect(error.message).toContain(`the client document ${id} cannot be used: `)
    expect(await here.clients.read(id)).toBeUndefined()
    expect((await documents.state(id)).error).toBe(error.reason)
  })

  test.each([
    ['a status other than 200', { status: 203 }, 'it answered with status 203'],
    ['a missing document', { status: 404 }, 'it answered with status 404'],
    ['a redirect', { status: 302, headers: { location: '/elsewhere' } }, /which is not followed/],
    ['a page', { headers: { 'content-type': 'text/html' } }, 'it answered with text/html instead of JSON'],
    ['too much', { body: `"${'x'.repeat(40_000)}"` }, /more than 32768 bytes/],
  ])('is refused for %s, and only administrators see why', async (_name, change, reason) => {
    const id = host.document()
    host.show(id, change)
    const error = await documentRefusal(documents.find(id, ASKER))
    expect(error.message).toBe(`the client document ${id} could not be fetched; an administrator can see why`)
    expect((await documents.state(id)).error).toMatch(reason)
  })

  test.each(['[]', 'null', '"text"', '{', ''])('that is %j is refused', async (body) => {
    const id = host.document()
    host.show(id, { body })
    const error = await documentRefusal(documents.find(id, ASKER))
    expect(error.message).toBe(`the client document ${id} cannot be used: it is not a JSON object`)
  })
})
