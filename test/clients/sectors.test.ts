/** Sectors of pairwise subjects: the documents behind `sector_identifier_uri`, and hosts that no other client shares. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '#clients/client.ts'
import { assertSector, ownHost } from '#clients/sectors.ts'
import { createGuardedFetch } from '#outbound/guarded-fetch.ts'
import { documentHost, type DocumentHost } from '../support/document-host.ts'

const fetch = createGuardedFetch({ allow: ['127.0.0.1'] })
const ONE = 'https://one.example/cb'
const OTHER = 'https://other.example/cb'
const KEYS = 'https://tv.example/jwks'
let host: DocumentHost
let uri: string

beforeAll(async () => {
  host = await documentHost()
  uri = `${host.origin}/apps.json`
})

type Metadata = Client['metadata']
const metadataOf = (members: Record<string, unknown> = {}) =>
  ({
    grant_types: ['authorization_code'],
    redirect_uris: [ONE, OTHER],
    sector_identifier_uri: uri,
    ...members,
  }) as unknown as Metadata

/** The fault of the sector of a client, or undefined. */
async function faultOf(metadata: Metadata, before?: Metadata): Promise<unknown> {
  try {
    await assertSector(fetch, metadata, before && { metadata: before })
    return undefined
  } catch (error) {
    return (error as { faults?: unknown }).faults
  }
}

const fault = (given: string, reason: string) => [
  {
    field: 'sector_identifier_uri',
    given,
    expected: `an address of a JSON array with every redirect URI of the client: ${reason}`,
  },
]

describe('the document behind a sector_identifier_uri', () => {
  test('lists every redirect URI', async () => {
    host.show('/apps.json', { body: [OTHER, 'https://third.example/cb', ONE] })
    expect(await faultOf(metadataOf())).toBeUndefined()
    host.show('/apps.json', { body: [ONE] })
    expect(await faultOf(metadataOf())).toEqual(fault(uri, `it does not list ${OTHER}`))
  })

  test.each([
    ['an object', { body: { one: ONE } }, 'it answered with something else'],
    ['no JSON', { body: '[' }, 'it answered with something else'],
    ['a page that is missing', { body: [ONE, OTHER], status: 404 }, 'it answered with status 404'],
  ])('is not %s', async (_what, shown, reason) => {
    const { pathname } = new URL(host.document())
    host.show(pathname, shown)
    const own = host.origin + pathname
    expect(await faultOf(metadataOf({ sector_identifier_uri: own }))).toEqual(fault(own, reason))
  })

  test('can be fetched', async () => {
    const closed = 'http://127.0.0.1:1/apps.json'
    const metadata = metadataOf({ sector_identifier_uri: closed })
    expect(await faultOf(metadata)).toEqual(fault(closed, 'it could not be reached'))
  })

  test('lists the address of the keys of a client whose people sign in elsewhere (CIBA §4)', async () => {
    const device = { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], jwks_uri: KEYS }
    host.show('/apps.json', { body: [ONE, OTHER] })
    expect(await faultOf(metadataOf(device))).toEqual(fault(uri, `it does not list ${KEYS}`))
    expect(await faultOf(metadataOf({ ...device, grant_types: ['authorization_code'] }))).toBeUndefined()
    host.show('/apps.json', { body: [KEYS] })
    expect(await faultOf(metadataOf({ ...device, redirect_uris: undefined }))).toBeUndefined()
  })

  test('is read again when something changes that it must list', async () => {
    host.show('/apps.json', { body: [] })
    expect(await faultOf(metadataOf(), metadataOf())).toBeUndefined()
    expect(await faultOf(metadataOf(), metadataOf({ client_name: 'Other' }))).toBeUndefined()
    for (const changed of [{ redirect_uris: [ONE] }, { sector_identifier_uri: `${uri}?` }, { jwks_uri: KEYS }]) {
      expect(await faultOf(metadataOf(), metadataOf(changed))).toEqual(fault(uri, `it does not list ${ONE}`))
    }
  })

  test('is not needed without a sector_identifier_uri', async () => {
    expect(await faultOf(metadataOf({ sector_identifier_uri: undefined }))).toBeUndefined()
  })
})

test.each([
  [[ONE], 'one.example'],
  [[ONE, 'https://one.example:8443/other'], 'one.example'],
  [[ONE, OTHER], undefined],
  [['http://127.0.0.1/cb'], undefined],
  [['http://localhost/cb', 'http://localhost:5000/cb'], undefined],
  [['com.example.app:/cb'], undefined],
  [[], undefined],
])('the host of %j alone is %s', (uris, expected) => {
  expect(ownHost(uris)).toBe(expected)
})
